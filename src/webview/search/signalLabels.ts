import { humanize } from '../shared/format.ts';

/**
 * The ranking's signals in the user's words. Signals that say the same to a reader share a label and are added up; one
 * that is new to the panel shows under its own name.
 */
const labels: Readonly<Record<string, string>> = {
  meaning: 'Meaning',
  keyword: 'Words',
  breadth: 'Words',
  name: 'Name',
  definition: 'Definition',
  signature: 'Name',
  container: 'Name',
  doc: 'Comment',
  path: 'Path',
  folder: 'Path',
  depth: 'Path',
  fileKeyword: 'Rest of the file',
  fileMeaning: 'Rest of the file',
  fileBreadth: 'Rest of the file',
  fileChunks: 'Rest of the file',
  fragment: 'Part of a symbol',
  test: 'Test',
  example: 'Example',
  generated: 'Generated',
  vendored: 'Vendored',
  declaration: 'Only declared here',
  compatibility: 'Compatibility',
  internal: 'Internal',
  data: 'Data',
  prose: 'Prose',
  plumbing: 'Plumbing',
  merge: 'Merge',
  repeat: 'Further result of the file',
};

export interface SignalShare {
  readonly label: string;
  /** Signed part of all that was added or taken away, in [-1, 1]. */
  readonly share: number;
}

/** What spoke for and against a result, by size; trifles of less than half a per cent are left out. */
export function signalShares(signals: Readonly<Record<string, number>>): SignalShare[] {
  const sums = new Map<string, number>();
  for (const [name, value] of Object.entries(signals)) {
    const label = labels[name] ?? humanize(name);
    sums.set(label, (sums.get(label) ?? 0) + value);
  }
  const total = [...sums.values()].reduce((sum, value) => sum + Math.abs(value), 0);
  if (total === 0) return [];
  return [...sums]
    .map(([label, value]): SignalShare => ({ label, share: value / total }))
    .filter(({ share }) => Math.abs(share) >= 0.005)
    .sort((a, b) => b.share - a.share);
}
