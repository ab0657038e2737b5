import { humanize } from './format.ts';

/** The ranking's signals in the user's words. A signal that is new to the panel shows under its own name. */
const labels: Readonly<Record<string, string>> = {
  keyword: 'Words',
  meaning: 'Meaning',
  breadth: 'Share of the words',
  name: 'Name',
  definition: 'Definition',
  signature: 'Signature',
  doc: 'Comment',
  path: 'Path',
  folder: 'Folder',
  fileKeyword: 'Words in the file',
  fileMeaning: 'Meaning of the file',
  fileBreadth: 'Words across the file',
  container: 'Enclosing symbol',
  fragment: 'Part of a symbol',
  test: 'Test',
  example: 'Example',
  generated: 'Generated',
  vendored: 'Vendored',
  declaration: 'Only declared here',
  compatibility: 'Compatibility',
  prose: 'Prose',
  plumbing: 'Plumbing',
  repeat: 'Further result of the file',
};

export interface SignalShare {
  readonly name: string;
  readonly label: string;
  /** Signed part of all that was added or taken away, in [-1, 1]. */
  readonly share: number;
}

/** Signals by size, those that count for less than half a per cent left out. */
export function signalShares(signals: Readonly<Record<string, number>>): SignalShare[] {
  const total = Object.values(signals).reduce((sum, value) => sum + Math.abs(value), 0);
  if (total === 0) return [];
  return Object.entries(signals)
    .map(([name, value]): SignalShare => ({ name, label: labels[name] ?? humanize(name), share: value / total }))
    .filter(({ share }) => Math.abs(share) >= 0.005)
    .sort((a, b) => b.share - a.share);
}
