import { checkMaskedSettings } from './checkSettings.ts';
import { runTraining } from './runTraining.ts';
import { defaultMaskedSettings, type AdaptEncoderOptions, type TrainingResult } from './trainingTypes.ts';

/**
 * Has an encoder fill in hidden tokens of texts and writes a model folder that loads like any other: a masked-language adaptation
 * (Gururangan et al. 2020, “Don't Stop Pretraining”), to be fine-tuned afterwards. A head that was made for it is not kept.
 * @throws SextantError `model_invalid` for a tokenizer without a mask token; otherwise as `trainEncoder` does.
 */
export async function adaptEncoder(options: AdaptEncoderOptions): Promise<TrainingResult> {
  const { texts, ...rest } = options;
  const settings = checkMaskedSettings({ ...defaultMaskedSettings, ...options.settings });
  return runTraining({ kind: 'masked', texts, settings }, rest);
}
