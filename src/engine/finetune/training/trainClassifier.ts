import { SextantError } from '../../../shared/errors.ts';
import { checkClassifierSettings } from './checkSettings.ts';
import { runTraining } from './runTraining.ts';
import { defaultClassifierSettings, type TrainClassifierOptions, type TrainingResult } from './trainingTypes.ts';

/**
 * Trains a sequence classifier with cross-entropy, on top of an encoder or of a classifier, and writes a model folder
 * that `createClassifier` opens. A head that the model lacks, or has for other labels, is made anew.
 * @throws as `trainEncoder` does, and `invalid_argument` for a label that is not among the labels.
 */
export async function trainClassifier(options: TrainClassifierOptions): Promise<TrainingResult> {
  const { examples, labels, ...rest } = options;
  const settings = checkClassifierSettings({ ...defaultClassifierSettings, ...options.settings });
  if (labels.length < 2 || new Set(labels).size < labels.length) {
    throw new SextantError('invalid_argument', 'A classifier takes two different labels at least.');
  }
  if (examples.length === 0) throw new SextantError('invalid_argument', 'There is nothing to train on.');
  return runTraining({ kind: 'classifier', examples, labels, settings }, rest);
}
