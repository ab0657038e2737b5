import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseLabelledTexts, parseTexts } from '../../../../src/engine/sentiment/labelledTexts.ts';

test('JSONL and CSV give the same texts', () => {
  const expected = [
    { text: 'a, "b"', label: 'negative' },
    { text: 'c', label: 'positive' },
  ];
  assert.deepEqual(
    parseLabelledTexts('x.jsonl', '{"text":"a, \\"b\\"","label":"negative"}\n\n{"text":"c","label":"Positive"}\n'),
    expected,
  );
  assert.deepEqual(parseLabelledTexts('x.CSV', 'id,Text,label\r\n1,"a, ""b""",negative\r\n2,c,positive\r\n'), expected);
});

test('numbers and short names stand for labels', () => {
  const rows = ['-1', 0, 1, 'neg', 'NEU', 'pos'].map((label) => JSON.stringify({ text: 't', label })).join('\n');
  assert.deepEqual(
    parseLabelledTexts('x.jsonl', rows).map(({ label }) => label),
    ['negative', 'neutral', 'positive', 'negative', 'neutral', 'positive'],
  );
});

test('a bad record is named by its line', () => {
  const message = (content: string, file = 'x.jsonl'): RegExp => {
    try {
      parseLabelledTexts(file, content);
    } catch (error) {
      return new RegExp(RegExp.escape((error as Error).message));
    }
    throw new Error('was accepted');
  };
  const good = '{"text":"a","label":"neutral"}\n';
  assert.match('x.jsonl:2 has no text with a label.', message(`${good}{"text":"a"}`));
  assert.match('x.jsonl:2 has no text with a label.', message(`${good}{"text":"a","label":"angry"}`));
  assert.match('x.jsonl:2 has no text with a label.', message(`${good}{"text":"a","label":"toString"}`));
  assert.match('x.jsonl:3 is not a JSON object.', message(`${good}${good}[1]`));
  assert.match('x.jsonl:1 is not a JSON object.', message('{"text"'));
  assert.match('x.csv:2 has no text with a label.', message('text,mood\na,neutral\n', 'x.csv'));
  assert.match('x.jsonl holds no texts.', message('\n'));
});

test('texts without labels come from JSONL, CSV or plain lines', () => {
  assert.deepEqual(parseTexts('x.jsonl', '{"text":"a"}\n{"text":"b"}'), ['a', 'b']);
  assert.deepEqual(parseTexts('x.csv', 'text\na\n"b\nc"\n'), ['a', 'b\nc']);
  assert.deepEqual(parseTexts('x.txt', 'a\r\n\nb\n'), ['a', 'b']);
  assert.throws(() => parseTexts('x.jsonl', '{"title":"a"}'), /x\.jsonl:1 has no “text”/);
});
