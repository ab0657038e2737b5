import { SextantError } from '../../shared/errors.ts';
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

/** The one entry of rows that lie in one tensor, as blocks of q|k|v or of a gated layer always do. */
export function singleRows(stacked: readonly TensorRows[]): TensorRows {
  const [first] = stacked;
  if (first === undefined || stacked.length > 1) throw new SextantError('internal', 'A block spans several tensors.');
  return first;
}
