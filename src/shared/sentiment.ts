import * as z from 'zod/mini';

/** The classes of a mood, in the order of the classifier's outputs. */
export const moodLabels = ['negative', 'neutral', 'positive'] as const;
export type MoodLabel = (typeof moodLabels)[number];

/** What a text is: commits carry trailers and prefixes, issues carry templates. */
export const moodKinds = ['commit', 'issue', 'comment'] as const;
export type MoodKind = (typeof moodKinds)[number];

/** Why a text was not classified; it counts as neutral and is told apart from what was read as neutral. */
export const moodSkipReasons = ['empty', 'merge', 'revert', 'bot', 'template', 'codeOnly', 'otherLanguage'] as const;
export type MoodSkipReason = (typeof moodSkipReasons)[number];

/** Calibrated probabilities; they sum to 1. */
export const moodScoresSchema = z.object({
  negative: z.number(),
  neutral: z.number(),
  positive: z.number(),
});
export type MoodScores = z.infer<typeof moodScoresSchema>;

export const moodSchema = z.object({
  label: z.enum(moodLabels),
  scores: moodScoresSchema,
  /** Present when the text was not classified: `label` is `neutral` then. */
  skipped: z.optional(z.enum(moodSkipReasons)),
});
export type Mood = z.infer<typeof moodSchema>;

/** A word of the original text, `start` and `end` in UTF-16 units, and how far it pulls towards the mood, in log-odds (below 0: away). */
export const moodWordSchema = z.object({
  text: z.string(),
  start: z.number(),
  end: z.number(),
  weight: z.number(),
});
export type MoodWord = z.infer<typeof moodWordSchema>;

export const moodExplanationSchema = z.object({
  mood: moodSchema,
  /** The words that weighed most, heaviest first. */
  words: z.array(moodWordSchema),
});
export type MoodExplanation = z.infer<typeof moodExplanationSchema>;
