import { SextantError } from '../../../shared/errors.ts';
import type { TrainClassifierOptions, TrainingResult } from './trainingTypes.ts';

/**
 * Trains a sequence classifier with cross-entropy, on top of an encoder or of a classifier, and writes a model folder
 * that `createClassifier` opens. A head that the model lacks, or has for other labels, is made anew.
 * @throws as {@link trainEncoder} does, and `invalid_argument` for a label that is not among the labels.
 */
export function trainClassifier(options: TrainClassifierOptions): Promise<TrainingResult> {
  options.signal?.throwIfAborted();
  return Promise.reject(new SextantError('runtime_unavailable', 'Training is not available in this build.'));
}
