import { useState } from 'preact/hooks';
import {
  formatMatryoshka,
  learningRateSchedules,
  parseMatryoshka,
  trainingMethods,
  withMethod,
  type FinetuneSettings,
} from '../../../shared/finetune.ts';
import { text } from '../text.ts';

type NumberField = 'epochs' | 'batchSize' | 'learningRate' | 'warmup' | 'negatives' | 'maskedEpochs' | 'maxMinutes';
const bounds: Readonly<
  Record<NumberField, { readonly min: number; readonly max: number; readonly step: number | 'any' }>
> = {
  epochs: { min: 1, max: 50, step: 1 },
  batchSize: { min: 2, max: 1024, step: 1 },
  learningRate: { min: 1e-7, max: 1, step: 'any' },
  warmup: { min: 0, max: 1, step: 'any' },
  negatives: { min: 0, max: 8, step: 1 },
  maskedEpochs: { min: 0, max: 50, step: 1 },
  maxMinutes: { min: 1, max: 1440, step: 1 },
};
const fields = Object.keys(bounds) as NumberField[];

interface SettingsFormProps {
  readonly settings: FinetuneSettings;
  /** Those that were chosen for the model. */
  readonly recommended: FinetuneSettings;
  readonly onChange: (settings: FinetuneSettings) => void;
}

/** What may be changed of a training, folded away: the defaults are chosen by measurement. */
export function SettingsForm({ settings, recommended, onChange }: SettingsFormProps) {
  return (
    <details class="settings">
      <summary>{text.settings}</summary>
      <Choice
        label={text.fields.method}
        names={text.methods}
        values={trainingMethods}
        value={settings.method}
        onChange={(method) => onChange(withMethod(settings, method, recommended))}
      />
      <Choice
        label={text.fields.schedule}
        names={text.schedules}
        values={learningRateSchedules}
        value={settings.schedule}
        onChange={(schedule) => onChange({ ...settings, schedule })}
      />
      {fields.map((field) => (
        <label key={field}>
          <span>{text.fields[field]}</span>
          <input
            type="number"
            required
            {...bounds[field]}
            title={text.between(bounds[field].min, bounds[field].max)}
            value={settings[field]}
            onChange={({ currentTarget: input }) => {
              // What cannot be is marked by the style of invalid inputs while it is typed, and taken back here.
              if (input.validity.valid) onChange({ ...settings, [field]: input.valueAsNumber });
              else input.value = String(settings[field]);
            }}
          />
        </label>
      ))}
      <Matryoshka value={settings.matryoshka} onChange={(matryoshka) => onChange({ ...settings, matryoshka })} />
    </details>
  );
}

interface ChoiceProps<Value extends string> {
  readonly label: string;
  readonly names: Readonly<Record<Value, string>>;
  readonly values: readonly Value[];
  readonly value: Value;
  readonly onChange: (value: Value) => void;
}

function Choice<Value extends string>({ label, names, values, value, onChange }: ChoiceProps<Value>) {
  return (
    <label>
      <span>{label}</span>
      <select
        value={value}
        onChange={(event) => {
          const chosen = values.find((name) => name === event.currentTarget.value);
          if (chosen !== undefined) onChange(chosen);
        }}
      >
        {values.map((name) => (
          <option key={name} value={name}>
            {names[name]}
          </option>
        ))}
      </select>
    </label>
  );
}

interface MatryoshkaProps {
  readonly value: FinetuneSettings['matryoshka'];
  readonly onChange: (value: FinetuneSettings['matryoshka']) => void;
}

/** A list of dimensions; what is no such list is marked while it is typed, and taken back afterwards. */
function Matryoshka({ value, onChange }: MatryoshkaProps) {
  const [typed, setTyped] = useState<string>();
  const shown = typed ?? formatMatryoshka(value);
  return (
    <label title={text.matryoshkaHint}>
      <span>{text.fields.matryoshka}</span>
      <input
        type="text"
        value={shown}
        placeholder={text.matryoshkaExample}
        aria-invalid={parseMatryoshka(shown) === undefined}
        onInput={(event) => setTyped(event.currentTarget.value)}
        onChange={() => {
          const read = parseMatryoshka(shown);
          if (read !== undefined) onChange(read);
          setTyped(undefined);
        }}
      />
    </label>
  );
}
