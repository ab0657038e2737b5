import { SextantError } from '../../../shared/errors.ts';
import type { TrainEncoderOptions, TrainingResult } from './trainingTypes.ts';

/**
 * Fine-tunes an encoder on pairs with the multiple-negatives ranking loss and writes a model folder that loads like any
 * other.
 * @throws SextantError `training_failed` if the loss is no longer a number, `disk_full`, or what `readModelFolder`
 * throws; the signal's reason when aborted.
 */
export function trainEncoder(options: TrainEncoderOptions): Promise<TrainingResult> {
  options.signal?.throwIfAborted();
  return Promise.reject(new SextantError('runtime_unavailable', 'Training is not available in this build.'));
}
