import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  appendResults,
  groupByFile,
  groupKey,
  moveFrom,
  resultKey,
  sidestep,
  visibleRows,
} from '../../../src/webview/search/model/rows.ts';
import { emptyView, type Page } from '../../../src/webview/search/model/state.ts';
import { answer, result } from './samples.ts';

const results = [result('src/a.ts', 1), result('b.ts', 5), result('src/a.ts', 20)];
const page: Page = { kind: 'search', answer: answer(results), error: null, view: emptyView };
const [a, , b] = visibleRows(page).map((row) => row.key);

test('results are grouped by file; files stand where their best result stands', () => {
  const groups = groupByFile(results);
  assert.deepEqual(
    groups.map(({ name, folder, results: members }) => [name, folder, members.map((member) => member.startLine)]),
    [
      ['a.ts', 'src', [1, 20]],
      ['b.ts', '', [5]],
    ],
  );
});

test('equal paths in two roots are two files', () => {
  assert.equal(groupByFile([result('a.ts', 1), { ...result('a.ts', 1), root: 'file:///other' }]).length, 2);
});

test('a collapsed file hides its results', () => {
  const collapsed = { ...page, view: { ...emptyView, collapsed: [a!] } };
  assert.deepEqual(
    visibleRows(collapsed).map((row) => [row.kind, row.open]),
    [
      ['file', false],
      ['file', true],
      ['result', false],
    ],
  );
});

test('duplicates: groups with their members, an empty group is left out', () => {
  const member = { root: 'r', path: 'x.ts', startLine: 1, endLine: 2, symbol: '' };
  const groups = [
    { score: 1, members: [] },
    { score: 0.9, members: [member, { ...member, path: 'y.ts' }] },
  ];
  const rows = visibleRows({ kind: 'duplicates', groups, view: emptyView });
  assert.deepEqual(
    rows.map((row) => row.kind),
    ['group', 'member', 'member'],
  );
  assert.equal(rows[0]!.key, groupKey(1));
});

test('moving: down stops at the end, up from the top leads out, nothing active starts at the top', () => {
  const rows = visibleRows(page);
  assert.equal(moveFrom(rows, null, 'next'), rows[0]);
  assert.equal(moveFrom(rows, rows.at(-1)!.key, 'next'), rows.at(-1));
  assert.equal(moveFrom(rows, rows[0]!.key, 'previous'), null);
  assert.equal(moveFrom(rows, rows[2]!.key, 'previous'), rows[1]);
  assert.equal(moveFrom(rows, null, 'last'), rows.at(-1));
  assert.equal(moveFrom([], null, 'next'), null);
});

test('Left closes what is open and then goes to the parent; Right opens and then goes to the child', () => {
  const rows = visibleRows(page);
  assert.deepEqual(sidestep(rows, a!, 'left'), { key: a, open: false });
  assert.deepEqual(sidestep(rows, b!, 'left'), { move: a });
  assert.deepEqual(sidestep(rows, b!, 'right'), { key: b, open: true });
  assert.deepEqual(sidestep(rows, a!, 'right'), { move: rows[1]!.key });
  assert.equal(sidestep(rows, null, 'right'), null);
});

test('a further page of results never repeats one', () => {
  const merged = appendResults(results, [result('b.ts', 5), result('c.ts', 1)]);
  assert.deepEqual(merged.map(resultKey), [...results.map(resultKey), resultKey(result('c.ts', 1))]);
});
