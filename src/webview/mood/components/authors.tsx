import type { MoodAuthor } from '../../../shared/mood.ts';
import { count } from '../../shared/format.ts';
import type { Dispatch } from '../dispatch.ts';
import { shareOf, totalOf } from '../model/chart.ts';
import type { MoodState } from '../model/state.ts';
import { text } from '../text.ts';

function Row({ name, counts }: MoodAuthor) {
  return (
    <tr>
      <th scope="row">{name}</th>
      <td>{count(totalOf(counts))}</td>
      <td>{text.share(shareOf(counts, 'negative'))}</td>
      <td>{text.share(shareOf(counts, 'positive'))}</td>
    </tr>
  );
}

/** Off unless asked for, and never without saying what such numbers are not. */
export function Authors({ state, dispatch }: { state: MoodState; dispatch: Dispatch }) {
  const { byAuthor } = state.query;
  const authors = state.report?.authors ?? [];
  return (
    <section class="authors">
      <label>
        <input
          type="checkbox"
          checked={byAuthor}
          onChange={() => dispatch({ type: 'asked', query: { byAuthor: !byAuthor, author: '' } })}
        />{' '}
        {text.showAuthors}
      </label>
      {byAuthor && <p class="note">{text.authorNote}</p>}
      {byAuthor && authors.length > 0 && (
        <table aria-label={text.authors}>
          <thead>
            <tr>
              <th scope="col">{text.author}</th>
              <th scope="col">№</th>
              <th scope="col">{text.labels.negative}</th>
              <th scope="col">{text.labels.positive}</th>
            </tr>
          </thead>
          <tbody>
            {authors.map((author) => (
              <Row key={author.name} {...author} />
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}
