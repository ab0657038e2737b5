import type { MoodListItem } from '../../../shared/mood.ts';
import { moodLabels, type MoodExplanation } from '../../../shared/sentiment.ts';
import { historyDate, historyIcon, historyName, historyTitle } from '../../shared/historyItem.ts';
import { IconButton } from '../../shared/icon.tsx';
import type { Dispatch } from '../dispatch.ts';
import { itemKey, type MoodState } from '../model/state.ts';
import { text } from '../text.ts';

const mostWords = 8;

/** The words as they stand in the text, the heavier the bolder; what speaks against is set apart by its sign. */
function Words({ explanation }: { explanation: MoodExplanation | undefined }) {
  if (explanation === undefined) return <p class="dim">{text.reading}</p>;
  const words = explanation.words.slice(0, mostWords);
  if (words.length === 0) return <p class="dim">{text.noWords}</p>;
  const heaviest = Math.max(...words.map(({ weight }) => Math.abs(weight)));
  return (
    <ul class="words" aria-label={text.why}>
      {words.map((word) => (
        <li key={word.start} class={Math.abs(word.weight) > heaviest / 2 ? 'word heavy' : 'word'}>
          {word.text} <span class="dim">{`${word.weight > 0 ? '+' : '−'}${Math.abs(word.weight).toFixed(2)}`}</span>
        </li>
      ))}
    </ul>
  );
}

function Correction({ item, dispatch }: { item: MoodListItem; dispatch: Dispatch }) {
  return (
    <div class="correction" role="group" aria-label={text.really}>
      <span>{text.really}</span>
      {moodLabels.map((label) => (
        <button
          key={label}
          type="button"
          class="link"
          aria-pressed={item.mood?.label === label}
          onClick={() => dispatch({ type: 'corrected', item, label })}
        >
          {text.labels[label]}
        </button>
      ))}
    </div>
  );
}

function Item({ item, state, dispatch }: { item: MoodListItem; state: MoodState; dispatch: Dispatch }) {
  const { root, kind, source, key, url, mood, author } = item;
  const id = itemKey(item);
  const place = { root, kind, source, key, ...(url === undefined ? {} : { url }) };
  return (
    <li class="item">
      <div class="item-head">
        <i class={`codicon codicon-${historyIcon(item)}`} aria-hidden="true" />
        <button
          type="button"
          class="item-title"
          title={historyTitle(item)}
          onClick={() => dispatch({ type: 'posted', message: { type: 'open', ...place } })}
        >
          {historyTitle(item)}
        </button>
        <IconButton
          icon="lightbulb"
          label={text.why}
          pressed={state.open === id}
          onClick={() => dispatch({ type: 'toggledWhy', item })}
        />
      </div>
      <div class="item-facts dim">
        <span>
          {mood === undefined ? '' : `${text.labels[mood.label]} ${text.share(mood.scores[mood.label])} · `}
          {historyDate(item)} · {historyName(item)}
          {state.query.byAuthor ? ` · ${author}` : ''}
        </span>
        <button
          type="button"
          class="link"
          aria-expanded={state.correcting === id}
          onClick={() => dispatch({ type: 'toggledCorrection', item })}
        >
          {text.wrong}
        </button>
      </div>
      {state.correcting === id && <Correction item={item} dispatch={dispatch} />}
      {state.open === id && <Words explanation={state.explained.get(id)} />}
    </li>
  );
}

interface ItemsProps {
  readonly title: string;
  readonly items: readonly MoodListItem[];
  readonly state: MoodState;
  readonly dispatch: Dispatch;
}

/** The items that a class is surest of. */
export function Items({ title, items, state, dispatch }: ItemsProps) {
  return (
    <section>
      <h2>{title}</h2>
      {items.length === 0 ? (
        <p class="dim">{text.noItems}</p>
      ) : (
        <ul class="items">
          {items.map((item) => (
            <Item key={itemKey(item)} item={item} state={state} dispatch={dispatch} />
          ))}
        </ul>
      )}
    </section>
  );
}
