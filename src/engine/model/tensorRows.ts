import type { TensorRows } from './network.ts';

/** Rows `start` to `start + count` of stacked rows; nothing of nothing. */
export function sliceRows(stacked: readonly TensorRows[], start: number, count: number): TensorRows[] {
  const result: TensorRows[] = [];
  let offset = 0;
  for (const rows of stacked) {
    const from = Math.max(start, offset);
    const to = Math.min(start + count, offset + rows.count);
    if (from < to) result.push({ tensor: rows.tensor, start: rows.start + from - offset, count: to - from });
    offset += rows.count;
  }
  return result;
}
