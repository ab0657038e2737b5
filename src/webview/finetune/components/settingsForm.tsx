import { trainingMethods, withMethod, type FinetuneSettings } from '../../../shared/finetune.ts';
import { text } from '../text.ts';

type NumberField = 'epochs' | 'batchSize' | 'learningRate' | 'negatives' | 'maxMinutes';
const bounds: Readonly<
  Record<NumberField, { readonly min: number; readonly max: number; readonly step: number | 'any' }>
> = {
  epochs: { min: 1, max: 50, step: 1 },
  batchSize: { min: 2, max: 1024, step: 1 },
  learningRate: { min: 1e-7, max: 1, step: 'any' },
  negatives: { min: 0, max: 8, step: 1 },
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
  const change = (field: NumberField, value: number): void => {
    const { min, max } = bounds[field];
    if (Number.isFinite(value) && value >= min && value <= max) {
      onChange({ ...settings, [field]: value });
    }
  };
  return (
    <details class="settings">
      <summary>{text.settings}</summary>
      <label>
        <span>{text.fields.method}</span>
        <select
          value={settings.method}
          onChange={(event) => {
            const method = trainingMethods.find((name) => name === event.currentTarget.value);
            if (method !== undefined) onChange(withMethod(settings, method, recommended));
          }}
        >
          {trainingMethods.map((method) => (
            <option key={method} value={method}>
              {text.methods[method]}
            </option>
          ))}
        </select>
      </label>
      {fields.map((field) => (
        <label key={field}>
          <span>{text.fields[field]}</span>
          <input
            type="number"
            {...bounds[field]}
            value={settings[field]}
            onChange={(event) => change(field, event.currentTarget.valueAsNumber)}
          />
        </label>
      ))}
    </details>
  );
}
