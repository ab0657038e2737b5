import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cleanText } from '../../../../src/engine/sentiment/cleanText.ts';
import { explainMood } from '../../../../src/engine/sentiment/explainMood.ts';
import type { Mood, MoodExplanation } from '../../../../src/shared/sentiment.ts';

/** Counts words of feeling: the odds of “negative” are e to their number. */
function count(texts: readonly string[]): Promise<Mood[]> {
  return Promise.resolve(
    texts.map((text) => {
      const words = text.split(' ');
      const odds = Math.exp(
        words.filter((word) => ['ugly', 'sadface'].includes(word)).length -
          words.filter((word) => word === 'nice').length,
      );
      const negative = odds / (1 + odds);
      return { label: 'negative', scores: { negative, neutral: 1 - negative, positive: 0 } };
    }),
  );
}

function explain(text: string): Promise<MoodExplanation> {
  return explainMood(cleanText(text, 'comment'), count);
}

test('words that speak for the mood weigh above 0, those against it below, others are left out', async () => {
  const text = 'Well, `ugly()` is (ugly!) but nice :(';
  const { words } = await explain(text);
  assert.deepEqual(Object.fromEntries(words.map((word) => [word.text, Math.round(word.weight * 100) / 100])), {
    ugly: 1,
    nice: -1,
    ':(': 1,
  });
  for (const word of words) assert.equal(text.slice(word.start, word.end), word.text);
});

test('words in code, quotes and links weigh nothing', async () => {
  const { words } = await explain('> ugly\n\nsee https://ugly.org and `ugly`');
  assert.deepEqual(words, []);
});

test('both of two words that say the same weigh', async () => {
  const { words } = await explainMood(cleanText('ugly ugly', 'comment'), (texts) =>
    Promise.resolve(
      texts.map((text) => {
        const negative = text.includes('ugly') ? 0.9 : 0.1;
        return { label: 'negative', scores: { negative, neutral: 1 - negative, positive: 0 } } satisfies Mood;
      }),
    ),
  );
  assert.equal(words.length, 2);
  assert.ok(words.every(({ weight }) => weight > 1));
});
