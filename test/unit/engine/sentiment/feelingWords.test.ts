import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { embeddedModelDirectory } from '../../../../src/engine/paths.ts';
import { TextTokenizer } from '../../../../src/engine/runtime/textTokenizer.ts';
import { feelingWords, foldFeelingWords } from '../../../../src/engine/sentiment/feelingWords.ts';
import { normalizeText } from '../../../../src/engine/sentiment/normalizeText.ts';

const tokenizer = new TextTokenizer(path.join(embeddedModelDirectory, 'tokenizer.json'), 64);

/** Tokens of a word inside of a sentence, without the two that every text has. */
async function pieces(word: string): Promise<number> {
  return (await tokenizer.encode(` ${word}`)).length - 2;
}

test('words that are cut are replaced by words that are whole', async () => {
  assert.ok(feelingWords.size > 300);
  const wrong: string[] = [];
  for (const [word, whole] of feelingWords) {
    if ((await pieces(word)) < 2) wrong.push(`${word} is whole`);
    if ((await pieces(whole)) !== 1) wrong.push(`${whole} is cut`);
    if (feelingWords.has(whole)) wrong.push(`${whole} is replaced itself`);
  }
  assert.deepEqual(wrong, []);
});

test('whole words are replaced, and only those', () => {
  assert.equal(foldFeelingWords('i hate this awful mess, thx'), 'i fury this vile mess, thanks');
  for (const text of ['hibernate the hatefulness', 'awful-looking', 'über-awful', 'no worries']) {
    assert.equal(foldFeelingWords(text), text);
  }
});

test('what the model reads has them folded, whatever their spelling', () => {
  assert.equal(normalizeText('I *HATE* this... 🎉 Sooo horriblyyy'), 'i fury this .. joy soo horriblyy');
  assert.equal(normalizeText("That's awful!!!"), 'that vile !!');
});
