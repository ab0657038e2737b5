import type { Mood, MoodExplanation, MoodWord } from '../../shared/sentiment.ts';
import { readable, type CleanText } from './cleanText.ts';
import { blank } from './maskText.ts';
import { placeholder } from './normalizeText.ts';

/** Words that are tried; the model reads hardly more. */
const maxWords = 160;
const shownWords = 12;
/** Log-odds; less is noise of neighbouring words. */
const leastWeight = 0.1;
/** Keeps the odds of a certain mood finite. */
const leastProbability = 1e-4;

/**
 * Tells which words a mood rests on: a word's weight is the mean of what the log-odds of the mood lose without it and what
 * they gain by it alone, the two ends of its Shapley value. Leaving out would not do: where two words say the same,
 * neither is missed. Probabilities would not do either: they hardly move where the mood is plain.
 * @param classify one mood a text, in order
 */
export async function explainMood(
  { masked, normalized }: CleanText,
  classify: (texts: readonly string[]) => Promise<Mood[]>,
): Promise<MoodExplanation> {
  const words = wordsOf(masked).slice(0, maxWords);
  const without = words.map(({ start, end }) =>
    readable(masked.slice(0, start) + blank(masked.slice(start, end)) + masked.slice(end)),
  );
  const alone = words.map(({ text }) => readable(text));
  const [mood, nothing, ...moods] = (await classify([normalized, '', ...without, ...alone])) as [Mood, Mood, ...Mood[]];
  const odds = ({ scores }: Mood): number => logOdds(scores[mood.label]);
  const weighed = words.map((word, index): MoodWord => {
    const missed = odds(mood) - odds(moods[index]!);
    const gained = odds(moods[words.length + index]!) - odds(nothing);
    return { ...word, weight: (missed + gained) / 2 };
  });
  return {
    mood,
    words: weighed
      .filter(({ weight }) => Math.abs(weight) >= leastWeight)
      .sort((a, b) => Math.abs(b.weight) - Math.abs(a.weight))
      .slice(0, shownWords),
  };
}

function logOdds(probability: number): number {
  const bounded = Math.min(1 - leastProbability, Math.max(leastProbability, probability));
  return Math.log(bounded / (1 - bounded));
}

/** Stretches between white space, without the punctuation around words; signs such as `:(` stay whole. */
function wordsOf(masked: string): Omit<MoodWord, 'weight'>[] {
  return [...masked.matchAll(/\S+/g)].flatMap(({ 0: stretch, index }) => {
    if (stretch.includes(placeholder)) return [];
    const lead = /^["'([{*_~]+(?=[\p{L}\p{N}])/u.exec(stretch)?.[0].length ?? 0;
    const tail = /(?<=[\p{L}\p{N}])["')\]}*_~.,;:!?]+$/u.exec(stretch)?.[0].length ?? 0;
    const text = stretch.slice(lead, stretch.length - tail);
    return [{ text, start: index + lead, end: index + lead + text.length }];
  });
}
