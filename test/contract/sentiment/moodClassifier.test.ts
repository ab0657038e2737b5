import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { MoodClassifier } from '../../../src/engine/sentiment/moodClassifier.ts';
import type { MoodKind, MoodLabel } from '../../../src/shared/sentiment.ts';
import { terseMessages } from './terseMessages.ts';

let classifier: MoodClassifier;

before(async () => {
  classifier = await MoodClassifier.open({ threads: 2, backend: 'cpu' });
});
after(() => classifier.dispose());

async function labels(texts: readonly string[], kind: MoodKind): Promise<MoodLabel[]> {
  return (await classifier.classify(texts, kind)).map(({ label }) => label);
}

test('terse technical messages are not negative', async () => {
  assert.ok(terseMessages.length >= 60);
  const moods = await classifier.classify(terseMessages, 'commit');
  assert.deepEqual(
    terseMessages.filter((_, index) => moods[index]!.label !== 'neutral'),
    [],
  );
});

test('plain moods are told', async () => {
  const negative = [
    'This is a horrible mess, I hate it',
    'ugh, third try to fix the flaky test',
    'What a stupid bug, wasted two days on this :(',
    'The documentation is useless and the API is a nightmare',
    '😡',
  ];
  const positive = [
    'Thanks a lot, great work!',
    'Love this clean-up, so much nicer now :)',
    'Awesome library, easy to use and very fast',
    '👍',
    '🎉 finally works perfectly, thank you!',
  ];
  assert.deepEqual(
    await labels(negative, 'comment'),
    negative.map(() => 'negative'),
  );
  assert.deepEqual(
    await labels(positive, 'comment'),
    positive.map(() => 'positive'),
  );
});

test('scores are probabilities and the label is the largest', async () => {
  for (const { label, scores } of await classifier.classify(['I hate it', 'fix typo', 'nice!'], 'comment')) {
    const all = Object.values(scores);
    assert.ok(Math.abs(all.reduce((a, b) => a + b) - 1) < 1e-5);
    assert.equal(scores[label], Math.max(...all));
  }
});

test('what is skipped is neutral with its reason, in order', async () => {
  const moods = await classifier.classify(
    ['', 'I hate this', "Merge branch 'main'", 'Это ужасно, ничего не работает', 'I hate this'],
    'commit',
    { authors: [undefined, 'dependabot[bot]', undefined, undefined, 'A. U. Thor'] },
  );
  assert.deepEqual(
    moods.map(({ label, skipped }) => skipped ?? label),
    ['empty', 'bot', 'merge', 'otherLanguage', 'negative'],
  );
  assert.deepEqual(moods[0]!.scores, { negative: 0, neutral: 1, positive: 0 });
});

test('progress counts up, and cancelling rejects with the reason', async () => {
  const texts = Array.from(
    { length: 5000 },
    (_, index) => `change ${index.toString(26).replace(/\d/g, (digit) => 'qrstuvwxyz'[Number(digit)]!)} of the tests`,
  );
  const seen: number[] = [];
  const moods = await classifier.classify(texts, 'commit', { onProgress: (done) => seen.push(done) });
  assert.equal(moods.length, texts.length);
  assert.deepEqual(seen, [2048, 4096, 5000]);
  const controller = new AbortController();
  const running = classifier.classify(texts, 'commit', { signal: controller.signal });
  controller.abort(new Error('enough'));
  await assert.rejects(running, (error: unknown) => error === controller.signal.reason);
});

test('the words that weigh most are in the text, at their place', async () => {
  const text = 'fix: `kill`\n\nThis API is awful, thanks for nothing.';
  const { mood, words } = await classifier.explain(text, 'commit');
  assert.equal(mood.label, 'negative');
  assert.ok(words.slice(0, 3).some((word) => word.text === 'awful' && word.weight > 0));
  for (const word of words) assert.equal(text.slice(word.start, word.end), word.text);
});

test('a text of a megabyte is answered soon', async () => {
  const began = performance.now();
  const [mood] = await classifier.classify([`I hate this. ${'x'.repeat(1024 * 1024)}`], 'comment');
  assert.equal(mood!.label, 'negative');
  assert.ok(performance.now() - began < 60_000);
});
