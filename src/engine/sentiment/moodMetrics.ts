import { moodLabels, type Mood, type MoodLabel } from '../../shared/sentiment.ts';

export interface ClassMetrics {
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
  readonly support: number;
}

export interface MoodMetrics {
  readonly texts: number;
  readonly accuracy: number;
  readonly macroF1: number;
  readonly weightedF1: number;
  /** Expected calibration error over 15 bins of equal width (Guo et al. 2017, “On Calibration of Modern Neural Networks”). */
  readonly calibrationError: number;
  readonly perClass: Readonly<Record<MoodLabel, ClassMetrics>>;
}

const bins = 15;

/** Compares moods with the labels they should have, pair by pair. */
export function moodMetrics(moods: readonly Mood[], labels: readonly MoodLabel[]): MoodMetrics {
  const perClass = {
    negative: classMetrics(moods, labels, 'negative'),
    neutral: classMetrics(moods, labels, 'neutral'),
    positive: classMetrics(moods, labels, 'positive'),
  };
  const mean = (weight: (label: MoodLabel) => number): number =>
    moodLabels.reduce((sum, label) => sum + weight(label) * perClass[label].f1, 0);
  return {
    texts: labels.length,
    accuracy: ratio(moods.filter(({ label }, index) => label === labels[index]).length, labels.length),
    macroF1: mean(() => 1 / moodLabels.length),
    weightedF1: mean((label) => ratio(perClass[label].support, labels.length)),
    calibrationError: calibrationError(moods, labels),
    perClass,
  };
}

function classMetrics(moods: readonly Mood[], labels: readonly MoodLabel[], label: MoodLabel): ClassMetrics {
  const found = moods.filter((mood) => mood.label === label).length;
  const support = labels.filter((expected) => expected === label).length;
  const right = labels.filter((expected, index) => expected === label && moods[index]!.label === label).length;
  return {
    precision: ratio(right, found),
    recall: ratio(right, support),
    f1: ratio(2 * right, found + support),
    support,
  };
}

function calibrationError(moods: readonly Mood[], labels: readonly MoodLabel[]): number {
  const counts = Array.from({ length: bins }, () => ({ confidence: 0, right: 0 }));
  for (const [index, { label, scores }] of moods.entries()) {
    const bin = counts[Math.min(bins - 1, Math.max(0, Math.ceil(scores[label] * bins) - 1))]!;
    bin.confidence += scores[label];
    bin.right += label === labels[index] ? 1 : 0;
  }
  return (
    counts.reduce((sum, { confidence, right }) => sum + Math.abs(confidence - right), 0) / Math.max(1, moods.length)
  );
}

function ratio(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}
