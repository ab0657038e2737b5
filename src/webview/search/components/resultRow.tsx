import type { SearchResult } from '../../../shared/search.ts';
import { lineRange, percent } from '../../shared/format.ts';
import { symbolIcon } from '../symbolIcons.ts';
import { text } from '../text.ts';
import { CodePreview } from './codePreview.tsx';
import { historyTitle } from '../../shared/historyItem.ts';
import { HistorySymbol } from './historyResult.tsx';
import { IconButton } from '../../shared/icon.tsx';
import type { Act } from './treeKeys.ts';
import { Why } from './why.tsx';

export interface RowActions {
  readonly act: Act;
}

interface ResultRowProps extends RowActions {
  readonly id: string;
  readonly rowKey: string;
  readonly result: SearchResult;
  readonly active: boolean;
  readonly explained: boolean;
  readonly position: number;
  readonly size: number;
}

/** Splits `Server.listen` into what is dimmed and what is read. */
function nameParts({ symbol, kind }: SearchResult): [container: string, name: string] {
  if (symbol === '') return ['', ''];
  const at = kind === 'section' ? symbol.search(/[^›>]+$/) : symbol.search(/[^.:#]+$/);
  return at <= 0 ? ['', symbol] : [symbol.slice(0, at), symbol.slice(at)];
}

function Symbol({ result }: { result: SearchResult }) {
  const [container, name] = nameParts(result);
  return (
    <span class="symbol" title={result.signature === '' ? result.symbol : result.signature}>
      {name === '' ? (
        <span class="dim">{text.kinds[result.kind]}</span>
      ) : (
        <>
          {container !== '' && <span class="container">{container}</span>}
          <span class="name">{name}</span>
        </>
      )}
    </span>
  );
}

/** What a screen reader says of a result. */
function spoken(result: SearchResult, share: string): string {
  const { history, kind, symbol } = result;
  if (history === undefined)
    return `${text.kinds[kind]} ${symbol}, ${text.lines(lineRange(result))}, ${text.score(share)}`;
  const mood = history.mood === undefined ? '' : `, ${text.moods[history.mood.label]}`;
  return `${historyTitle(history)}${mood}, ${text.score(share)}`;
}

export function ResultRow(props: ResultRowProps) {
  const { id, rowKey, result, active, explained, position, size, act } = props;
  const kind = text.kinds[result.kind];
  const range = lineRange(result);
  const share = percent(result.score);
  return (
    <div
      id={id}
      class={active ? 'row result active' : 'row result'}
      role="treeitem"
      aria-level={2}
      aria-selected={active}
      aria-expanded={explained}
      aria-posinset={position}
      aria-setsize={size}
      aria-label={spoken(result, share)}
      data-key={rowKey}
    >
      <div class="result-head">
        {result.history === undefined && <i class={symbolIcon(result.kind)} title={kind} aria-hidden="true" />}
        {result.history === undefined ? <Symbol result={result} /> : <HistorySymbol item={result.history} />}
        <span class="lines">{result.history === undefined ? range : ''}</span>
        <span class="score" title={text.score(share)}>
          <span style={{ width: share.replace(' ', '') }} />
        </span>
        <span class="actions">
          <IconButton
            icon="lightbulb"
            label={explained ? text.hideWhy : text.showWhy}
            pressed={explained}
            skipTab
            onClick={() => act(rowKey, 'why')}
          />
          {result.history === undefined && (
            <IconButton icon="combine" label={text.findSimilar} skipTab onClick={() => act(rowKey, 'similar')} />
          )}
          <IconButton icon="copy" label={text.copyCode} skipTab onClick={() => act(rowKey, 'copyText')} />
          <IconButton icon="split-horizontal" label={text.openToSide} skipTab onClick={() => act(rowKey, 'side')} />
        </span>
      </div>
      <CodePreview result={result} whole={explained} />
      {explained && <Why result={result} />}
    </div>
  );
}
