import type { SearchResult } from '../../../shared/search.ts';
import { lineRange, percent } from '../../shared/format.ts';
import { symbolIcon } from '../symbolIcons.ts';
import { text } from '../text.ts';
import { CodePreview } from './codePreview.tsx';
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

export function ResultRow(props: ResultRowProps) {
  const { id, rowKey, result, active, explained, position, size, act } = props;
  const [container, name] = nameParts(result);
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
      aria-label={`${kind} ${result.symbol}, ${text.lines(range)}, ${text.score(share)}`}
      data-key={rowKey}
    >
      <div class="result-head">
        <i class={symbolIcon(result.kind)} title={kind} aria-hidden="true" />
        <span class="symbol" title={result.signature === '' ? result.symbol : result.signature}>
          {name === '' ? (
            <span class="dim">{kind}</span>
          ) : (
            <>
              {container !== '' && <span class="container">{container}</span>}
              <span class="name">{name}</span>
            </>
          )}
        </span>
        <span class="lines">{range}</span>
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
          <IconButton icon="combine" label={text.findSimilar} skipTab onClick={() => act(rowKey, 'similar')} />
          <IconButton icon="copy" label={text.copyCode} skipTab onClick={() => act(rowKey, 'copyText')} />
          <IconButton icon="split-horizontal" label={text.openToSide} skipTab onClick={() => act(rowKey, 'side')} />
        </span>
      </div>
      <CodePreview result={result} whole={explained} />
      {explained && <Why result={result} />}
    </div>
  );
}
