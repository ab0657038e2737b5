import type { Matrix } from '../../runtime/ortModel.ts';

/** What each row of logits should be. */
export interface Targets {
  /** `[B, labels]`: shares of the labels, which sum to 1 in each row. */
  readonly shares: Matrix;
  /** `[B]`: what a row counts in the mean of the batch. */
  readonly weights: Float32Array;
}

/** Cross-entropy of logits `[B, labels]`, summed by weight, and its gradient. */
export function classificationLoss(
  { data, rows, columns }: Matrix,
  { shares, weights }: Targets,
): { readonly loss: number; readonly gradient: Matrix } {
  const gradient = new Float32Array(data.length);
  let loss = 0;
  for (let row = 0; row < rows; row++) {
    const at = row * columns;
    let largest = -Infinity;
    for (let i = 0; i < columns; i++) largest = Math.max(largest, data[at + i]!);
    let sum = 0;
    for (let i = 0; i < columns; i++) sum += Math.exp(data[at + i]! - largest);
    const weight = weights[row]!;
    for (let i = 0; i < columns; i++) {
      const share = shares.data[at + i]!;
      loss -= weight * share * (data[at + i]! - largest - Math.log(sum));
      gradient[at + i] = weight * (Math.exp(data[at + i]! - largest) / sum - share);
    }
  }
  return { loss, gradient: { data: gradient, rows, columns } };
}
