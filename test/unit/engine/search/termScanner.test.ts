import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TermScanner } from '../../../../src/engine/search/termScanner.ts';
import { codeTokens } from '../../../../src/engine/text/codeTokens.ts';

function scan(query: string, text: string): { terms: string[]; words: readonly string[] } {
  const terms = [...new Set(codeTokens(query))];
  const { terms: found, words } = new TermScanner(terms).scan(text);
  return { terms: [...found].map((index) => terms[index]!).sort(), words };
}

test('inflected words and parts of identifiers match, with the words as they stand', () => {
  assert.deepEqual(scan('parse queries', 'class QueryParser: parsing(query) # parsed'), {
    terms: ['pars', 'queri'],
    words: ['QueryParser', 'parsing', 'query', 'parsed'],
  });
});

test('letters inside of another word do not match', () => {
  assert.deepEqual(scan('pars', 'sparse comparsion'), { terms: [], words: [] });
});

test('a scan finds what cutting the whole text into terms finds', () => {
  const text = 'export async function readHTTPBody(req_id: string, bodies: Body[]) { return OAuth2Client.tries(utf8) }';
  const all = new Set(codeTokens(text));
  for (const query of ['body http request', 'oauth client retry try', 'utf8 read id', 'string function']) {
    const expected = [...new Set(codeTokens(query))].filter((term) => all.has(term)).sort();
    assert.deepEqual(scan(query, text).terms, expected, query);
  }
});

test('a scanner can be used again and without terms', () => {
  const scanner = new TermScanner(['cat']);
  assert.deepEqual(scanner.scan('a cat').words, ['cat']);
  assert.deepEqual(scanner.scan('a cat').words, ['cat']);
  assert.deepEqual(new TermScanner([]).scan('a cat').words, []);
});

test('characters of regular expressions in terms are harmless', () => {
  assert.deepEqual(new TermScanner(['a+b', '(', '[']).scan('a+b ( [').words, []);
});
