import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { benchPlan, shapes } from '../../../native/bench/makePlans.ts';
import { assignSlots, type PlannedValue } from '../../../src/engine/runtime/cuda/planSlots.ts';

const plans = path.join(import.meta.dirname, '..', '..', '..', 'native', 'bench', 'plans');

test('the benchmark’s plans are those that the planner makes today', () => {
  for (const [name, shape] of Object.entries(shapes)) {
    const written: unknown = JSON.parse(readFileSync(path.join(plans, `${name}.json`), 'utf8'));
    assert.deepEqual(written, benchPlan(shape), `${name}: run node native/bench/makePlans.ts`);
  }
});

const value = (made: number, lastUse: number, width = 8, reuses?: string): PlannedValue => ({
  width,
  perSequence: false,
  made,
  lastUse,
  ...(reuses === undefined ? {} : { reuses }),
});

test('values share a buffer only if none is needed while the other lives', () => {
  const values = new Map<string, PlannedValue>();
  // A small random program: each value lives for a while; every pair is checked against the buffers it got.
  let state = 7;
  const random = (below: number): number => (state = (state * 48271) % 2147483647) % below;
  for (let made = 0; made < 60; made++) {
    values.set(`v${made}`, { ...value(made, made + 1 + random(8), 8 * (1 + random(9))), perSequence: random(4) === 0 });
  }
  const { slots, of } = assignSlots(values, 100);
  for (const [a, first] of values) {
    const slot = slots[of.get(a)!]!;
    assert.ok(slot.width >= first.width && slot.perSequence === first.perSequence, a);
    for (const [b, second] of values) {
      if (a === b || of.get(a) !== of.get(b)) continue;
      assert.ok(first.lastUse < second.made || second.lastUse < first.made, `${a} and ${b} share a buffer`);
    }
  }
  assert.ok(slots.length < 15, `${slots.length} buffers`);
});

test('a sum takes over the buffer of what it adds to, unless that is read again', () => {
  const once = new Map([
    ['x', value(0, 2)],
    ['y', value(1, 2)],
    ['sum', value(2, 3, 8, 'x')],
  ]);
  const taken = assignSlots(once, 4).of;
  assert.equal(taken.get('sum'), taken.get('x'));
  const again = new Map([...once, ['x', value(0, 3)] as const]);
  const kept = assignSlots(again, 4).of;
  assert.notEqual(kept.get('sum'), kept.get('x'));
});
