import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TermScanner } from '../../../../src/engine/search/termScanner.ts';
import { codeTokens } from '../../../../src/engine/text/codeTokens.ts';

function scan(query: string, text: string): readonly string[] {
  return new TermScanner([...new Set(codeTokens(query))]).scan(text);
}

test('inflected words and parts of identifiers match, with the words as they stand', () => {
  assert.deepEqual(scan('parse queries', 'class QueryParser: parsing(query) # parsed'), [
    'QueryParser',
    'parsing',
    'query',
    'parsed',
  ]);
});

test('letters inside of another word do not match', () => {
  assert.deepEqual(scan('pars', 'sparse comparsion'), []);
});

test('a scan finds what cutting the whole text into terms finds', () => {
  const text = 'export async function readHTTPBody(req_id: string, bodies: Body[]) { return OAuth2Client.tries(utf8) }';
  const cut = text.split(/[^\w]+/);
  for (const query of ['body http request', 'oauth client retry try', 'utf8 read id', 'string function']) {
    const terms = new Set(codeTokens(query));
    const expected = cut.filter((word) => codeTokens(word).some((term) => terms.has(term)));
    assert.deepEqual(scan(query, text), [...new Set(expected)], query);
  }
});

test('a scanner can be used again and without terms', () => {
  const scanner = new TermScanner(['cat']);
  assert.deepEqual(scanner.scan('a cat'), ['cat']);
  assert.deepEqual(scanner.scan('a cat'), ['cat']);
  assert.deepEqual(new TermScanner([]).scan('a cat'), []);
});

test('characters of regular expressions in terms are harmless', () => {
  assert.deepEqual(new TermScanner(['a+b', '(', '[']).scan('a+b ( ['), []);
});
