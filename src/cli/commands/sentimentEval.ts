import { parseLabelledTexts, type LabelledText } from '../../engine/sentiment/labelledTexts.ts';
import { moodMetrics, type MoodMetrics } from '../../engine/sentiment/moodMetrics.ts';
import { moodKinds, moodLabels } from '../../shared/sentiment.ts';
import { choiceOption, stringOption, UsageError, type CommandContext, type CommandResult } from '../command.ts';
import { withMoodClassifier } from '../moodClassifier.ts';
import { readTextFile } from '../textFile.ts';

/** `sentiment eval --data F`: how well the classifier does on texts whose mood is known. */
export async function runSentimentEval(context: CommandContext): Promise<CommandResult> {
  const { options, signal, progress } = context;
  const kind = choiceOption(options, 'as', moodKinds, 'comment');
  const data = await labelledData(context);
  const began = performance.now();
  const moods = await withMoodClassifier(context, (classifier) =>
    classifier.classify(
      data.map(({ text }) => text),
      kind,
      { signal, onProgress: (done) => progress(`${done} of ${data.length} texts`) },
    ),
  );
  const metrics = moodMetrics(
    moods,
    data.map(({ label }) => label),
  );
  const seconds = (performance.now() - began) / 1000;
  const skipped = moods.filter((mood) => mood.skipped !== undefined).length;
  const file = stringOption(options, 'data');
  return {
    json: { data: file, ...metrics, skipped, seconds, textsPerSecond: data.length / seconds },
    text: table(metrics),
  };
}

/** The texts of `--data`. */
export async function labelledData({ options }: Pick<CommandContext, 'options'>): Promise<LabelledText[]> {
  const file = stringOption(options, 'data');
  if (file === undefined)
    throw new UsageError('--data FILE is missing: JSONL {text, label}, or CSV with those columns.');
  return parseLabelledTexts(file, await readTextFile(file));
}

export function table({ texts, accuracy, macroF1, weightedF1, calibrationError, perClass }: MoodMetrics): string {
  const rows = moodLabels.map((label) => {
    const { precision, recall, f1, support } = perClass[label];
    return `${label.padEnd(10)} ${[precision, recall, f1].map((value) => value.toFixed(3)).join('   ')}  ${support}`;
  });
  return [
    `${texts} texts: macro-F1 ${macroF1.toFixed(4)}, accuracy ${accuracy.toFixed(4)}, weighted F1 ${weightedF1.toFixed(4)}, ` +
      `calibration error ${calibrationError.toFixed(4)}`,
    'class      precision recall  F1     texts',
    ...rows,
    '',
  ].join('\n');
}
