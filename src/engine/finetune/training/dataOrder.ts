import { SeededRandom } from '../../bench/seededRandom.ts';
import type { TrainingPair } from './trainingTypes.ts';

/** The indices of an epoch's examples, in an order that follows from seed and epoch alone. */
export function epochOrder(
  count: number,
  epoch: number,
  { seed, shuffle }: { seed: number; shuffle: boolean },
): number[] {
  const order = Array.from({ length: count }, (_, index) => index);
  if (!shuffle) return order;
  const random = new SeededRandom(epochSeed(seed, epoch));
  for (let last = count - 1; last > 0; last--) {
    const other = random.below(last + 1);
    [order[last], order[other]] = [order[other]!, order[last]!];
  }
  return order;
}

/** A seed for what is random in an epoch. */
export function epochSeed(seed: number, epoch: number): number {
  return Math.imul(seed, 0x9e3779b1) ^ Math.imul(epoch + 1, 0x85ebca6b);
}

export function batchesInOrder(order: readonly number[], size: number): number[][] {
  return Array.from({ length: Math.ceil(order.length / size) }, (_, batch) =>
    order.slice(batch * size, (batch + 1) * size),
  );
}

/** A pair of a batch and which of its negatives take part. */
export interface BatchPair {
  readonly pair: number;
  readonly negatives: readonly number[];
}

/**
 * Cuts pairs into batches without a text that is right for one query and counts as wrong for another: a pair with a text
 * that is in the batch waits for the next one, and a negative that is in the batch already is left out. Batches with
 * nothing to tell apart are dropped.
 */
export function batchesWithoutDuplicates(
  pairs: readonly TrainingPair[],
  order: readonly number[],
  { size, negatives }: { size: number; negatives: number },
): BatchPair[][] {
  const batches: BatchPair[][] = [];
  let waiting: readonly number[] = order;
  while (waiting.length > 0) {
    const texts = new Set<string>();
    const batch: BatchPair[] = [];
    const later: number[] = [];
    for (const index of waiting) {
      const { query, document, negatives: wrong = [] } = pairs[index]!;
      if (batch.length >= size || texts.has(query) || texts.has(document)) {
        later.push(index);
        continue;
      }
      texts.add(query).add(document);
      const used: number[] = [];
      for (const [position, text] of wrong.entries()) {
        if (used.length >= negatives) break;
        if (texts.has(text)) continue;
        texts.add(text);
        used.push(position);
      }
      batch.push({ pair: index, negatives: used });
    }
    if (batch.length > 1 || batch[0]!.negatives.length > 0) batches.push(batch);
    waiting = later;
  }
  return batches;
}
