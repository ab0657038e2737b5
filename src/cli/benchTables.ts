import type { CompareResult } from '../engine/bench/compareBench.ts';
import type { LengthCost } from '../engine/bench/lengthTable.ts';

/** What a token costs as texts grow. */
export function lengthsTable(rows: readonly LengthCost[]): string {
  return table(
    ['tokens a text', 'µs a token, clock', 'µs a token, cores', 'to the shortest'],
    rows.map((row) => [
      String(row.length),
      row.wallMicrosPerToken.toFixed(1),
      row.cpuMicrosPerToken.toFixed(1),
      row.relative.toFixed(2),
    ]),
  );
}

/** Sides of a comparison, with how many times as long they take as ours. */
export function sidesTable({ sides }: CompareResult): string {
  const ratio = (value?: { readonly ratio: number; readonly spread: readonly [number, number] }): string =>
    value === undefined ? '' : `${value.ratio.toFixed(2)} (${value.spread.map((x) => x.toFixed(2)).join('–')})`;
  return table(
    ['', 'tokens/s, core', 'tokens/s, clock', 'float32: cores', 'clock', 'int8: cores', 'clock', 'least cosine'],
    sides.map((side) => [
      side.side,
      Math.round(side.cpuTokensPerSecond).toString(),
      Math.round(side.wallTokensPerSecond).toString(),
      ratio(side.slowerThanFloat32?.cpu),
      ratio(side.slowerThanFloat32?.wall),
      ratio(side.slowerThanInt8?.cpu),
      ratio(side.slowerThanInt8?.wall),
      side.leastCosine?.toFixed(5) ?? '',
    ]),
  );
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]!.length)));
  const line = (cells: readonly string[]): string =>
    cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!))).join('  ');
  return `${[line(head), ...rows.map(line)].join('\n')}\n`;
}
