/**
 * Prepares texts for training as Sextant prepares them for classifying: JSONL `{text, …}` in, the same rows with the text
 * as the model reads it out, rows that would be skipped left out.
 *
 *     node sentimentTexts.ts IN.jsonl OUT.jsonl [comment|commit|issue]
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { cleanText } from '../../src/engine/sentiment/cleanText.ts';
import { moodKinds } from '../../src/shared/sentiment.ts';

const [, , from, to, kindName = 'comment'] = process.argv;
const kind = moodKinds.find((name) => name === kindName);
if (from === undefined || to === undefined || kind === undefined) {
  throw new Error('usage: node sentimentTexts.ts IN.jsonl OUT.jsonl [comment|commit|issue]');
}
const rows = readFileSync(from, 'utf8')
  .split('\n')
  .filter((line) => line !== '')
  .flatMap((line) => {
    const row = JSON.parse(line) as { text: string };
    const { normalized, skipped } = cleanText(row.text, kind);
    return skipped === undefined ? [JSON.stringify({ ...row, text: ` ${normalized}` })] : [];
  });
writeFileSync(to, rows.map((row) => `${row}\n`).join(''));
