import type { HistoryItem } from '../../../shared/history.ts';
import { text } from '../text.ts';

const fewFiles = 3;

/** Mood and changed files, in the place where a result of code has its symbol. */
export function HistorySymbol({ item }: { item: HistoryItem }) {
  const { mood, files, fileCount } = item;
  const names = files.slice(0, fewFiles).map((path) => path.slice(path.lastIndexOf('/') + 1));
  if (fileCount > fewFiles) names.push(text.moreFiles(fileCount - fewFiles));
  return (
    <span class="symbol" title={files.join('\n')}>
      {mood !== undefined && <span class={`mood ${mood.label}`}>{text.moods[mood.label]}</span>}
      <span class="container">{names.join(', ')}</span>
    </span>
  );
}
