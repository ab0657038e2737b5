import { text as readStream } from 'node:stream/consumers';
import { parseTexts } from '../../engine/sentiment/labelledTexts.ts';
import { moodKinds, moodLabels, type Mood, type MoodLabel, type MoodWord } from '../../shared/sentiment.ts';
import { choiceOption, stringOption, UsageError, type CommandContext, type CommandResult } from '../command.ts';
import { withMoodClassifier } from '../moodClassifier.ts';
import { readTextFile } from '../textFile.ts';

interface MoodItem extends Mood {
  readonly id: string;
  readonly text: string;
  readonly words?: readonly MoodWord[];
}

/** `sentiment text`: one text as an argument or on standard input, or many from a file. */
export async function runSentimentText(context: CommandContext): Promise<CommandResult> {
  const { options, signal, progress } = context;
  const kind = choiceOption(options, 'as', moodKinds, 'comment');
  const texts = await textsOf(context);
  const items = await withMoodClassifier(context, async (classifier) => {
    const onProgress = (done: number): void => progress(`${done} of ${texts.length} texts`);
    const moods = await classifier.classify(texts, kind, { signal, onProgress });
    const classified: MoodItem[] = [];
    for (const [index, mood] of moods.entries()) {
      const text = texts[index]!;
      const words = options['explain'] === true ? (await classifier.explain(text, kind, signal)).words : undefined;
      classified.push({ id: String(index + 1), text, ...mood, ...(words === undefined ? {} : { words }) });
    }
    return classified;
  });
  return { json: { items, summary: summaryOf(items) }, text: items.map(line).join('') };
}

async function textsOf({ positionals, options }: CommandContext): Promise<readonly string[]> {
  const [, text] = positionals;
  const file = stringOption(options, 'input');
  if ((text === undefined) === (file === undefined)) {
    throw new UsageError(
      'sentiment text needs a TEXT, - for standard input, or --input FILE (JSONL {text}, CSV or plain lines).',
    );
  }
  if (file !== undefined) return parseTexts(file, await readTextFile(file));
  return [text === '-' ? await readStream(process.stdin) : text!];
}

function summaryOf(items: readonly Mood[]): Readonly<Record<MoodLabel | 'total' | 'skipped', number>> {
  const of = (label: MoodLabel): number => items.filter((item) => item.label === label).length;
  const [negative, neutral, positive] = moodLabels.map(of) as [number, number, number];
  const skipped = items.filter((item) => item.skipped !== undefined).length;
  return { total: items.length, negative, neutral, positive, skipped };
}

function line({ label, scores, skipped, text, words }: MoodItem): string {
  const share = skipped === undefined ? `${(100 * scores[label]).toFixed(0).padStart(3)} %` : `(${skipped})`;
  const first = text.trim().split('\n', 1)[0]!.slice(0, 100);
  const why = words?.map((word) => `${word.text} ${word.weight > 0 ? '+' : ''}${word.weight.toFixed(2)}`).join(', ');
  return `${label.padEnd(8)} ${share}  ${first}\n${why === undefined || why === '' ? '' : `    ${why}\n`}`;
}
