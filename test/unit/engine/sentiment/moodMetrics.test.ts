import assert from 'node:assert/strict';
import { test } from 'node:test';
import { moodMetrics } from '../../../../src/engine/sentiment/moodMetrics.ts';
import type { Mood, MoodLabel } from '../../../../src/shared/sentiment.ts';

function mood(label: MoodLabel, confidence: number): Mood {
  const rest = (1 - confidence) / 2;
  return { label, scores: { negative: rest, neutral: rest, positive: rest, [label]: confidence } };
}

function near(actual: number, expected: number): void {
  assert.ok(Math.abs(actual - expected) < 1e-9, `${actual} instead of ${expected}`);
}

test('all right and sure of it', () => {
  const labels: MoodLabel[] = ['negative', 'neutral', 'positive'];
  const metrics = moodMetrics(
    labels.map((label) => mood(label, 1)),
    labels,
  );
  near(metrics.macroF1, 1);
  near(metrics.accuracy, 1);
  near(metrics.weightedF1, 1);
  near(metrics.calibrationError, 0);
});

test('precision, recall and the means, worked out by hand', () => {
  const found: MoodLabel[] = ['negative', 'negative', 'neutral', 'neutral', 'positive'];
  const labels: MoodLabel[] = ['negative', 'neutral', 'neutral', 'neutral', 'negative'];
  const { perClass, macroF1, weightedF1, accuracy } = moodMetrics(
    found.map((label) => mood(label, 0.9)),
    labels,
  );
  assert.deepEqual(perClass.negative, { precision: 1 / 2, recall: 1 / 2, f1: 1 / 2, support: 2 });
  assert.deepEqual(perClass.neutral, { precision: 1, recall: 2 / 3, f1: 4 / 5, support: 3 });
  assert.deepEqual(perClass.positive, { precision: 0, recall: 0, f1: 0, support: 0 });
  near(macroF1, (0.5 + 0.8) / 3);
  near(weightedF1, (2 * 0.5 + 3 * 0.8) / 5);
  near(accuracy, 3 / 5);
});

test('calibration error is the mean distance of confidence from accuracy', () => {
  // Two bins: 0.95 with one of two right, 0.5 with both right.
  const moods = [mood('negative', 0.95), mood('negative', 0.95), mood('neutral', 0.5), mood('neutral', 0.5)];
  const labels: MoodLabel[] = ['negative', 'neutral', 'neutral', 'neutral'];
  near(moodMetrics(moods, labels).calibrationError, (2 * Math.abs(0.95 - 0.5) + 2 * Math.abs(0.5 - 1)) / 4);
});
