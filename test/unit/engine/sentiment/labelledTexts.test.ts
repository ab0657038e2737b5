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
  const refuses = (message: string, content: string, file = 'x.jsonl'): void => {
    assert.throws(() => parseLabelledTexts(file, content), { code: 'invalid_argument', message });
  };
  const good = '{"text":"a","label":"neutral"}\n';
  refuses('x.jsonl:2 has no text with a label.', `${good}{"text":"a"}`);
  refuses('x.jsonl:2 has no text with a label.', `${good}{"text":"a","label":"angry"}`);
  refuses('x.jsonl:2 has no text with a label.', `${good}{"text":"a","label":"toString"}`);
  refuses('x.jsonl:3 is not a JSON object.', `${good}${good}[1]`);
  refuses('x.jsonl:1 is not a JSON object.', '{"text"');
  refuses('x.csv:2 has no text with a label.', 'text,mood\na,neutral\n', 'x.csv');
  refuses('x.jsonl holds no texts.', '\n');
});

test('texts without labels come from JSONL, CSV or plain lines', () => {
  assert.deepEqual(parseTexts('x.jsonl', '{"text":"a"}\n{"text":"b"}'), ['a', 'b']);
  assert.deepEqual(parseTexts('x.csv', 'text\na\n"b\nc"\n'), ['a', 'b\nc']);
  assert.deepEqual(parseTexts('x.txt', 'a\r\n\nb\n'), ['a', 'b']);
  assert.throws(() => parseTexts('x.jsonl', '{"title":"a"}'), /x\.jsonl:1 has no “text”/);
});
