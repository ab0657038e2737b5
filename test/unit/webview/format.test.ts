import assert from 'node:assert/strict';
import { test } from 'node:test';
import { duration, eta, humanize, lineRange, percent } from '../../../src/webview/shared/format.ts';
import { signalShares } from '../../../src/webview/search/signalLabels.ts';

test('a share is never full before it is, and never nothing once begun', () => {
  assert.deepEqual([0, 0.0001, 0.5, 0.999, 1].map(percent), ['0 %', '1 %', '50 %', '99 %', '100 %']);
});

test('times', () => {
  assert.deepEqual([0.2, 34.4, 1240].map(duration), ['1 ms', '34 ms', '1.2 s']);
  assert.deepEqual([0.1, 12, 130, 3600, 4810].map(eta), ['1 s', '12 s', '2 min', '1 h', '1 h 20 min']);
});

test('lines and names', () => {
  assert.equal(lineRange({ startLine: 4, endLine: 4 }), '4');
  assert.equal(lineRange({ startLine: 4, endLine: 9 }), '4–9');
  assert.equal(humanize('fileKeyword_share'), 'File keyword share');
});

test('signals that mean the same to a reader are one', () => {
  const shares = signalShares({ keyword: 0.3, breadth: 0.2, fileKeyword: 0.25, fileMeaning: 0.25 });
  assert.deepEqual(shares, [
    { label: 'Words', share: 0.5 },
    { label: 'Rest of the file', share: 0.5 },
  ]);
});

test('shares of the signals: signed, by size, trifles left out, unknown names readable', () => {
  assert.deepEqual(
    signalShares({ keyword: 3, meaning: 6, test: -1, newSignal: 0.01 }).map(({ label, share }) => [
      label,
      Math.round(share * 100),
    ]),
    [
      ['Meaning', 60],
      ['Words', 30],
      ['Test', -10],
    ],
  );
  assert.equal(signalShares({ newSignal: 1 })[0]!.label, 'New signal');
  assert.deepEqual(signalShares({}), []);
});
