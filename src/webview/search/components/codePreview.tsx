import { useMemo } from 'preact/hooks';
import type { SearchResult } from '../../../shared/search.ts';
import { matchRanges, segments } from '../code/highlight.ts';
import { snippet, wholeSnippet } from '../code/snippet.ts';
import { tokenize } from '../code/tokenize.ts';

const shortPreview = 3;
const longPreview = 24;

/** The part of a qualified name that stands in the declaring line. */
function declaredName(symbol: string): string {
  return /[\p{L}\p{N}_$]+(?=[^\p{L}\p{N}_$]*$)/u.exec(symbol)?.[0] ?? '';
}

function linesOf(result: SearchResult, whole: boolean) {
  const { text, startLine, matches, symbol, language } = result;
  const ranges = matchRanges(text, matches);
  const tokens = tokenize(text, language);
  const lines = whole
    ? wholeSnippet(text, startLine, longPreview)
    : snippet(text, startLine, ranges, declaredName(symbol), shortPreview);
  return lines.map((line) => ({ ...line, parts: segments(text, line, tokens, ranges) }));
}

interface CodePreviewProps {
  readonly result: SearchResult;
  /** The chunk from its first line on instead of its most telling lines. */
  readonly whole: boolean;
}

/** A few lines of code with line numbers; `data-line` tells a click where to go. */
export function CodePreview({ result, whole }: CodePreviewProps) {
  return useMemo(
    () => (
      <div class="code">
        {linesOf(result, whole).map(({ number, gap, parts }) => (
          <div key={number} class={gap ? 'code-line gap' : 'code-line'} data-line={number}>
            <span class="code-number" aria-hidden="true">
              {number}
            </span>
            <span class="code-text">
              {parts.map(({ text, kind, matched }) => {
                const token = kind === null ? undefined : `token-${kind}`;
                return matched ? <mark class={token}>{text}</mark> : <span class={token}>{text}</span>;
              })}
            </span>
          </div>
        ))}
      </div>
    ),
    [result, whole],
  );
}
