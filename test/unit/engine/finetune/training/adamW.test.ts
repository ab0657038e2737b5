import assert from 'node:assert/strict';
import test from 'node:test';
import { AdamW } from '../../../../../src/engine/finetune/training/adamW.ts';
import { ParameterSet } from '../../../../../src/engine/finetune/training/parameterSet.ts';

const settings = { weightDecay: 0.1, beta1: 0.9, beta2: 0.99, epsilon: 1e-8, tableRate: 1 };

test('three steps are those of PyTorch', () => {
  const data = Float32Array.of(1, -2);
  const set = new ParameterSet([{ name: 'w', shape: [1, 2], data, decays: true, table: false }]);
  const optimizer = new AdamW(settings);
  // torch.optim.AdamW([1, -2], lr=0.1, betas=(0.9, 0.99), eps=1e-8, weight_decay=0.1) with these gradients.
  const gradients = [
    [0.5, -1],
    [-0.25, 2],
    [1, 0],
  ];
  for (const [step, gradient] of gradients.entries()) {
    set.all[0]!.gradient.set(gradient);
    optimizer.update(set, step + 1, 0.1, 1);
  }
  assert.ok(Math.abs(data[0]! - 0.7802445) < 1e-5, String(data[0]));
  assert.ok(Math.abs(data[1]! - -1.907109) < 1e-5, String(data[1]));
});

test('rows of a table that were never read only decay', () => {
  const data = Float32Array.of(1, 1, 1, 1);
  const set = new ParameterSet([{ name: 't', shape: [2, 2], data, decays: true, table: true }]);
  const [{ gradient, touched }] = set.all as [(typeof set.all)[0]];
  touched![1] = 1;
  gradient.set([0, 0, 1, 1]);
  new AdamW(settings).update(set, 1, 0.1, 1);
  assert.ok(Math.abs(data[0]! - 0.99) < 1e-6);
  assert.ok(Math.abs(data[2]! - 0.89) < 1e-6);
});

test('rows that were read move so many times as far as the table’s rate says', () => {
  const moved = [1, 20].map((tableRate) => {
    const data = new Float32Array(2);
    const set = new ParameterSet([{ name: 't', shape: [2, 1], data, decays: false, table: true }]);
    set.all[0]!.touched![0] = 1;
    set.all[0]!.gradient[0] = 1;
    new AdamW({ ...settings, tableRate }).update(set, 1, 0.01, 1);
    assert.equal(data[1], 0);
    return data[0]!;
  });
  assert.ok(Math.abs(moved[1]! / moved[0]! - 20) < 1e-4);
});

test('the norm of all gradients counts touched rows alone, and clearing clears them', () => {
  const parameters = [
    { name: 'w', shape: [2], data: new Float32Array(2), decays: false, table: false },
    { name: 't', shape: [2, 2], data: new Float32Array(4), decays: true, table: true },
  ];
  const set = new ParameterSet(parameters);
  const value = (columns: number, data: number[]) => ({ data: Float32Array.from(data), columns });
  set.add(
    {
      result: { ...value(1, [0]), rows: 1 },
      gradients: [
        { of: { value: '', rows: { tensor: 'w', start: 1, count: 1 } }, data: Float32Array.of(3) },
        { of: { value: '', parameter: 't', index: { by: 'token' } }, data: Float32Array.of(1, 1, 1, 1) },
      ],
    },
    { ids: Int32Array.of(1, 1), cuSeqlens: Int32Array.of(0, 2) },
  );
  assert.deepEqual([...set.byName.get('t')!.gradient], [0, 0, 2, 2]);
  assert.deepEqual([...set.byName.get('w')!.gradient], [0, 3]);
  assert.ok(Math.abs(set.gradientNorm() - Math.sqrt(17)) < 1e-6);
  set.clearGradients();
  assert.equal(set.gradientNorm(), 0);
});
