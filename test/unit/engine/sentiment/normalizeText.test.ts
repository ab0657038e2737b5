import assert from 'node:assert/strict';
import { test } from 'node:test';
import { emoticonsToWords, hasFeeling } from '../../../../src/engine/sentiment/emoticons.ts';
import { normalizeText } from '../../../../src/engine/sentiment/normalizeText.ts';

function check(cases: readonly (readonly [string, string])[]): void {
  for (const [text, expected] of cases) assert.equal(normalizeText(text), expected, text);
}

test('one spelling a word', () => {
  check([
    ['AWESOME Work', 'awesome work'],
    ['*really* __bad__ (sorry)', 'really bad sorry'],
    ['soooo niiiice', 'soo niice'],
    ['great!!!!!! what?!?!', 'great !! what ??'],
    ['“quoted” ‘words’', 'quoted words'],
    ['v1.2.3 and 42', '0 and 0'],
    ['since 0a1b2c3d4e5f', 'since code'],
  ]);
});

test('negations are words of their own', () => {
  check([
    ["don't, can't, won't, isn't", 'do not , can not , will not , is not'],
    ['dont and cannot', 'do not and can not'],
    ['can’t', 'can not'],
  ]);
});

test('identifiers become one word, prose does not', () => {
  check([
    ['std::map and foo.bar.baz()', 'code and code'],
    ['kill -9 and --force', 'kill code and code'],
    ['parseJson or JsonParser or parse_json or _private', 'code or code or code or code'],
    ['aVar, bVar, cVar fail', 'code fail'],
    ['JSON and GitHub are fine', 'json and code are fine'],
    ['well-known, up-to-date', 'well-known , up-to-date'],
  ]);
});

test('signs of a feeling become its word', () => {
  check([
    ['fine :) really :-(', 'fine happyface really sadface'],
    ['fine:)', 'fine happyface'],
    ['+1 from me, -1 from him', 'thumbsup from me , thumbsdown from him'],
    [':+1: :cry: :unknown_name:', 'thumbsup cryface : code :'],
    ['👍🏽 ❤️ 🤷‍♂️', 'thumbsup loveheart confusedface'],
    ['¯\\_(ツ)_/¯', 'confusedface'],
  ]);
});

test('code is no feeling', () => {
  for (const text of [
    'f(x): y',
    'hash(into:) works',
    'std::map',
    'x-1',
    's/a:/b:/',
    'a[:8)',
    'http://x.y/:p',
    'C:\\dir',
    'for (;;) {}',
    '(a) b) c)',
  ]) {
    assert.equal(emoticonsToWords(text), text);
    assert.equal(hasFeeling(text), false, text);
  }
  assert.equal(hasFeeling('🚀'), false);
  assert.equal(hasFeeling('🎉'), true);
});

test('normalised text is stable', () => {
  const once = normalizeText("It's a *mess* :( don't you think?? 👎");
  assert.equal(normalizeText(once), once);
});
