import assert from 'node:assert/strict';
import test from 'node:test';
import { changedJson } from '../../../../src/engine/model/changedJson.ts';

test('members are replaced and added, and numbers stay as they were written', () => {
  const text = '{"a": 2.0, "b": {"c": [1e-05, 160000.0, 3]}, "d": "2.0", "e": {"0": "x"}, "f": null}';
  const changed = changedJson(text, { e: { 0: 'y' }, g: true });
  assert.match(changed, /"a": 2\.0,/);
  assert.match(changed, /1e-05,\s+160000\.0,\s+3\s/);
  assert.deepEqual(JSON.parse(changed), {
    a: 2,
    b: { c: [1e-5, 160_000, 3] },
    d: '2.0',
    e: { 0: 'y' },
    f: null,
    g: true,
  });
});
