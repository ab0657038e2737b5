import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { csvLine, parseCsv } from '../../../../src/engine/text/csv.ts';

describe('reading comma-separated values', () => {
  const read = (text: string) => parseCsv(text).map(({ line, fields }) => [line, ...fields]);

  test('takes every kind of line end, mixed too, and a byte order mark', () => {
    for (const text of ['a,b\n1,2\n', 'a,b\r\n1,2', 'a,b\r1,2\r', '\uFEFFa,b\r\n1,2\n']) {
      assert.deepEqual(read(text), [
        [1, 'a', 'b'],
        [2, '1', '2'],
      ]);
    }
  });

  test('knows the line a record begins on behind line breaks in quotes and empty lines', () => {
    assert.deepEqual(read('a,b\r\n1,"x\r\ny, ""z"""\r\n\r\n3,4\r\n'), [
      [1, 'a', 'b'],
      [2, '1', 'x\r\ny, "z"'],
      [5, '3', '4'],
    ]);
  });

  test('keeps blanks, empty fields and records of other lengths', () => {
    assert.deepEqual(read(' a ,b,\n1\n'), [
      [1, ' a ', 'b', ''],
      [2, '1'],
    ]);
  });

  test('names the line where a quote opens that is not closed, or stands inside a field', () => {
    for (const broken of ['1,"never closed\n3,4\n', '1,x"y\n', '1,"x"y\n']) {
      assert.throws(() => parseCsv(`a,b\n${broken}`), { code: 'invalid_argument', message: /^Line 2 / });
    }
  });

  test('reads what it wrote', () => {
    const values = ['plain', 'a,b', 'say "hi"', 'two\nlines', ' padded ', ''];
    assert.deepEqual(read(csvLine(values) + csvLine([1, 2.5])), [
      [1, ...values],
      [3, '1', '2.5'],
    ]);
  });
});
