import { moodPeriods } from '../../../shared/mood.ts';
import { IconButton } from '../../shared/icon.tsx';
import type { Dispatch } from '../dispatch.ts';
import { rangeChoices, sourceChoices, type MoodState } from '../model/state.ts';
import { text } from '../text.ts';

interface ChoiceProps<T extends string> {
  readonly label: string;
  readonly value: T;
  readonly options: readonly (readonly [value: T, label: string])[];
  readonly onChoose: (value: T) => void;
}

function Choice<T extends string>({ label, value, options, onChoose }: ChoiceProps<T>) {
  return (
    <select
      aria-label={label}
      title={label}
      value={value}
      onChange={(event) => {
        const chosen = options[event.currentTarget.selectedIndex];
        if (chosen !== undefined) onChoose(chosen[0]);
      }}
    >
      {options.map(([option, name]) => (
        <option key={option} value={option}>
          {name}
        </option>
      ))}
    </select>
  );
}

/** What to look at, and how to cut the time; labels and authors only where there are any to choose from. */
export function Filters({ state, dispatch }: { state: MoodState; dispatch: Dispatch }) {
  const { query, report } = state;
  const ask = (change: Partial<typeof query>) => dispatch({ type: 'asked', query: change });
  const authors = (report?.authors ?? []).map(({ name }) => [name, name] as const);
  const labels = (report?.labels ?? []).map((name) => [name, name] as const);
  return (
    <div class="filters">
      <Choice
        label={text.source}
        value={query.sources}
        options={sourceChoices.map((choice) => [choice, text.sources[choice]])}
        onChoose={(sources) => ask({ sources, period: null, label: '' })}
      />
      <Choice
        label={text.range}
        value={query.range}
        options={rangeChoices.map((choice) => [choice, text.ranges[choice]])}
        onChoose={(range) => ask({ range, period: null })}
      />
      <Choice
        label={text.period}
        value={query.by}
        options={moodPeriods.map((choice) => [choice, text.periods[choice]])}
        onChoose={(by) => ask({ by, period: null })}
      />
      {labels.length > 0 && query.sources !== 'commits' && (
        <Choice
          label={text.label}
          value={query.label}
          options={[['', text.anyLabel], ...labels]}
          onChoose={(label) => ask({ label })}
        />
      )}
      {query.byAuthor && authors.length > 0 && (
        <Choice
          label={text.author}
          value={query.author}
          options={[['', text.anyAuthor], ...authors]}
          onChoose={(author) => ask({ author })}
        />
      )}
      <input
        type="text"
        class="paths"
        aria-label={text.path}
        title={text.path}
        placeholder={text.pathHint}
        value={query.paths}
        onChange={(event) => ask({ paths: event.currentTarget.value })}
      />
      {query.period !== null && (
        <span class="chip">
          {query.period.name}
          <IconButton icon="close" label={text.clearPeriod} onClick={() => ask({ period: null })} />
        </span>
      )}
    </div>
  );
}
