import type { Network } from './network.ts';

/**
 * Floating-point operations of one token in a sequence of `length` tokens, a multiplication and an addition each one.
 * What runs once a sequence counts as its share of a token.
 */
export function operationsPerToken({ operations }: Network, length: number): number {
  const perSequence = new Set<string>();
  let total = 0;
  for (const operation of operations) {
    const once = operation.kind === 'pool' || (operation.kind !== 'embed' && perSequence.has(operation.input));
    if (once) perSequence.add(operation.output);
    if (operation.kind === 'linear') {
      total += (2 * operation.inputWidth * operation.outputWidth) / (once ? length : 1);
    } else if (operation.kind === 'attention') {
      const { heads, headSize, window, query } = operation;
      if (query !== undefined) perSequence.add(operation.output);
      const seen = window === undefined ? length : Math.min(length, 2 * window + 1);
      total += (4 * seen * heads * headSize) / (query === undefined ? 1 : length);
    }
  }
  return total;
}
