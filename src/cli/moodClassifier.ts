import { MoodClassifier } from '../engine/sentiment/moodClassifier.ts';
import { stringOption, type CommandContext } from './command.ts';
import { engineSettings } from './engineSettings.ts';

/** Opens the classifier of `--model`, or the one that ships, for as long as `use` takes. */
export async function withMoodClassifier<T>(
  { options, signal }: Pick<CommandContext, 'options' | 'signal'>,
  use: (classifier: MoodClassifier) => Promise<T>,
): Promise<T> {
  const { modelPath, threads, backend } = engineSettings(options);
  const own = stringOption(options, 'model') !== undefined;
  const classifier = await MoodClassifier.open({ threads, backend, signal, ...(own ? { modelDir: modelPath } : {}) });
  try {
    return await use(classifier);
  } finally {
    await classifier.dispose();
  }
}
