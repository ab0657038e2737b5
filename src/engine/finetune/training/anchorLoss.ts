import type { Matrix } from '../../runtime/ortModel.ts';

/**
 * `weight` times the mean of `1 − cosine` between rows and what they were before training; adds its gradient to `gradient`. Rows
 * are L2-normalised, as are those of `before`, one for each. Feature distillation with the untrained model as the teacher
 * (as in Hou et al. 2019, “Learning a Unified Classifier Incrementally via Rebalancing”, §3.2).
 */
export function addAnchorLoss(
  { data, rows, columns }: Matrix,
  before: readonly Float32Array[],
  weight: number,
  gradient: Float32Array,
): number {
  const share = weight / rows;
  let loss = 0;
  for (const [row, anchor] of before.entries()) {
    let cosine = 0;
    for (let i = 0; i < columns; i++) {
      cosine += data[row * columns + i]! * anchor[i]!;
      gradient[row * columns + i]! -= share * anchor[i]!;
    }
    loss += share * (1 - cosine);
  }
  return loss;
}
