import type { Network } from './network.ts';

/** Floating-point operations of one token in a sequence of `length` tokens, a multiplication and an addition each one. */
export function operationsPerToken({ operations }: Network, length: number): number {
  let total = 0;
  for (const operation of operations) {
    if (operation.kind === 'linear') total += 2 * operation.inputWidth * operation.outputWidth;
    if (operation.kind === 'attention') {
      const { heads, headSize, window } = operation;
      const seen = window === undefined ? length : Math.min(length, 2 * window + 1);
      total += 4 * seen * heads * headSize;
    }
  }
  return total;
}
