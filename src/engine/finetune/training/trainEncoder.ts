import { SextantError } from '../../../shared/errors.ts';
import { checkEncoderSettings } from './checkSettings.ts';
import { runTraining } from './runTraining.ts';
import { defaultEncoderSettings, type TrainEncoderOptions, type TrainingResult } from './trainingTypes.ts';

/**
 * Fine-tunes an encoder on pairs with the multiple-negatives ranking loss and writes a model folder that loads like any
 * other.
 * @throws SextantError `training_failed` if the loss is no longer a number, `disk_full`, `invalid_argument` for settings
 * that cannot be or too little data, or what `readModelFolder` throws; the signal's reason when aborted.
 */
export async function trainEncoder(options: TrainEncoderOptions): Promise<TrainingResult> {
  const { pairs, anchorDir = options.modelDir, ...rest } = options;
  const settings = checkEncoderSettings({ ...defaultEncoderSettings, ...options.settings });
  if (pairs.length < 2) throw new SextantError('invalid_argument', 'Training takes two pairs at least.');
  return runTraining({ kind: 'encoder', pairs, settings, anchorDir }, rest);
}
