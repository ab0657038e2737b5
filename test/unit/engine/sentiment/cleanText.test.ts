import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cleanText } from '../../../../src/engine/sentiment/cleanText.ts';
import type { MoodKind, MoodSkipReason } from '../../../../src/shared/sentiment.ts';

function reads(text: string, expected: string, kind: MoodKind = 'comment'): void {
  const cleaned = cleanText(text, kind);
  assert.equal(cleaned.skipped, undefined, text);
  assert.equal(cleaned.normalized, expected, text);
}

function skips(text: string, reason: MoodSkipReason, kind: MoodKind = 'comment', author?: string): void {
  assert.equal(cleanText(text, kind, author).skipped, reason, JSON.stringify(text.slice(0, 80)));
}

test('code is left out, fenced, indented, inline or in tags', () => {
  reads('I mind this:\n```js\nkill(all);\n```\nreally.', 'i mind this : really .');
  reads('I mind this:\n~~~\nkill(all);', 'i mind this :');
  reads('Look:\n\n    kill(all)\n\n    more()\n\nUgly.', 'look : ugly .');
  reads('why is `doomed()` so slow', 'why is code so slow');
  reads('before <pre>kill</pre> after', 'before after');
  reads('setMessage and foo_bar() annoy me', 'code and code annoy me');
});

test('a list that goes on with indentation is prose', () => {
  reads('- first point\n\n    which goes on here', 'first point which goes on here');
});

test('quoted replies are left out, also where an export put them on one line', () => {
  reads('> this is awful\n> really\n\nI disagree.', 'i disagree .');
  reads('Good point.\n\nOn Mon, 3 Jan 2022, A. U. Thor wrote:\n> this is awful', 'good point .');
  reads('Fine.\n-----Original Message-----\nFrom: x\nThis is awful', 'fine .');
  reads('> this is awful  I disagree.', 'i disagree .');
  reads('> a single line that only looks quoted', 'a single line that only looks quoted');
});

test('stack traces, logs and diffs are left out', () => {
  reads(
    'It dies:\nTraceback (most recent call last):\n  File "a.py", line 3, in <module>\nValueError: bad thing\nAny idea?',
    'it dies : any idea ?',
  );
  reads('Why?\n\tat com.acme.Foo.bar(Foo.java:12)\nCaused by: java.io.IOException: broken', 'why ?');
  reads('See\n2024-01-02 10:00:00 ERROR fatal mess\n[ERROR] kill it\nnpm ERR! horrible', 'see');
  reads('See\ndiff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@', 'see');
});

test('links, addresses, names and issue numbers are left out', () => {
  reads('see https://example.com/awful/kill?x=1 please', 'see code please');
  reads('[nice docs](https://example.com/awful) ![awful](x.png)', 'nice docs');
  reads('thanks @killer-99, mail me@awful.org', 'thanks , mail code');
  reads('broken since #12 and acme/repo#3', 'broken since code and code');
});

test('templates are left out', () => {
  reads(
    '<!-- Do not delete -->\n### Describe the bug\nIt is slow.\n- [x] I searched\n**Expected behavior**\nFaster.',
    'it is slow . faster .',
  );
  reads('## Steps to reproduce\n| os | linux |\nrun it', 'run it');
});

test('trailers and prefixes of commits are left out', () => {
  reads('fix(parser)!: handle empty input', 'handle empty input', 'commit');
  reads(':bug: fix crash', 'fix crash', 'commit');
  reads('🐛 fix crash', 'fix crash', 'commit');
  reads('[core] PROJ-12: drop support', 'drop support', 'commit');
  reads(
    'net: fix leak\n\nIt leaked.\n\nFixes: 123abc ("net: oh no")\nSigned-off-by: A <a@b.c>\nCo-authored-by: Angry Man <x@y.z>\nChange-Id: Ideadbeef',
    'net : fix leak it leaked .',
    'commit',
  );
  reads('fixup! Hide sad face', 'hide sad face', 'commit');
  reads('fix x\n\nAcme-Ticket: 12\nAcme-Mood: horrible', 'fix x', 'commit');
});

test('the reason of a revert is read, its form is not', () => {
  skips(
    'Revert "Add the awful thing"\n\nThis reverts commit 0123456789abcdef0123456789abcdef01234567.',
    'revert',
    'commit',
  );
  reads(
    'Revert "Add the awful thing"\n\nThis reverts commit 0123456789.\n\nIt broke the build, sorry.',
    'it broke the build , sorry .',
    'commit',
  );
});

test('merges, version bumps and bots are skipped, as commits only', () => {
  for (const subject of [
    "Merge branch 'main' into dev",
    'Merge pull request #12 from acme/fix\n\nAwful title',
    "Merge remote-tracking branch 'origin/main'",
    'Merged in feature (pull request #3)',
    'Auto merge of #123 - someone:branch, r=other',
    'Merge "Fix it" into stable',
  ]) {
    skips(subject, 'merge', 'commit');
  }
  reads('Merge the two lists before sorting', 'merge the two lists before sorting', 'commit');
  skips('chore(deps): bump lodash from 4.17.20 to 4.17.21', 'template', 'commit');
  skips('Update dependency react to v18.2.0 (#123)', 'template', 'commit');
  skips('I love it', 'bot', 'comment', 'dependabot[bot]');
  skips('I love it', 'bot', 'commit', 'Renovate Bot <bot@renovateapp.com>');
  assert.equal(cleanText('I love it', 'comment', 'Abbott Lambot').skipped, undefined);
});

test('what holds nothing to read is told apart', () => {
  skips('', 'empty');
  skips(' \n\t ', 'empty');
  skips('...', 'empty');
  skips('```\nint main() {}\n```', 'codeOnly');
  skips('`foo()` https://example.com', 'codeOnly');
});

test('emoji alone have a mood', () => {
  reads('👍', 'thumbsup');
  reads('😡😡', 'angryface angryface');
  reads(':tada:', 'joy');
  reads(':(', 'sadface');
  skips('🐛🚀', 'empty');
});

test('other languages and scripts are neutral and say so', () => {
  skips('Diese Änderung ist nicht gut und wird nur auf dem Server gebraucht', 'otherLanguage');
  skips('Il est impossible de compiler ce projet avec la nouvelle version', 'otherLanguage');
  skips('Это ужасно, ничего не работает', 'otherLanguage');
  skips('这个功能太糟糕了', 'otherLanguage');
  skips('هذا سيء جدا ولا يعمل', 'otherLanguage');
  skips('\u202Bזה נורא ולא עובד\u202C', 'otherLanguage');
  reads('Die on error, then restart', 'die on error , then restart');
  reads('naïve façade', 'naïve façade');
});

test('direction marks and invisible characters change nothing', () => {
  reads('\u202Egre\u200Bat\uFEFF work', 'great work');
});

test('long texts are cut in linear time', () => {
  const began = performance.now();
  for (const text of [
    'a'.repeat(1_000_000),
    'I hate this. '.repeat(80_000),
    '<pre>'.repeat(200_000),
    '> x  '.repeat(200_000),
    '`'.repeat(1_000_000),
    ':('.repeat(500_000),
    '[a]('.repeat(250_000),
    '\n    '.repeat(200_000),
    '_a'.repeat(500_000),
    '👩‍'.repeat(200_000),
    '!?'.repeat(500_000),
    'a.b/'.repeat(250_000),
  ]) {
    assert.ok(cleanText(text, 'comment').normalized.length <= 4096);
    assert.ok(cleanText(text, 'commit').normalized.length <= 4096);
  }
  assert.ok(performance.now() - began < 60_000, `${performance.now() - began} ms`);
});

test('a cut through a surrogate pair leaves well-formed text', () => {
  const { masked } = cleanText(`${'a '.repeat(32 * 1024 - 1)}x👍`, 'comment');
  assert.ok(masked.isWellFormed());
});

test('masking keeps every place', () => {
  const text = 'Fix `x`\n\n> quoted\n\nIt is bad, see https://a.b #12\n\nSigned-off-by: A <a@b.c>';
  const { masked } = cleanText(text, 'commit');
  assert.equal(masked.length, text.length);
  assert.equal(masked.indexOf('bad'), text.indexOf('bad'));
});
