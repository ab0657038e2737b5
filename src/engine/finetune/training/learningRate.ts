import type { OptimizerSettings } from './trainingTypes.ts';

/**
 * Learning rate of a step, which counts from 0: up from 0 in a straight line over the warm-up, then down to 0 in a straight
 * line or half a cosine. The same as transformers' `get_linear_schedule_with_warmup` and its cosine sibling.
 */
export function learningRateAt(
  step: number,
  steps: number,
  { learningRate, warmup, schedule }: Pick<OptimizerSettings, 'learningRate' | 'warmup' | 'schedule'>,
): number {
  const rising = Math.ceil(steps * warmup);
  if (step < rising) return (learningRate * step) / rising;
  const progress = (step - rising) / Math.max(1, steps - rising);
  switch (schedule) {
    case 'linear':
      return learningRate * (1 - progress);
    case 'cosine':
      return (learningRate * (1 + Math.cos(Math.PI * progress))) / 2;
    case 'constant':
      return learningRate;
  }
}
