import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test from 'node:test';
import { readSafetensorsHeader } from '../../../../src/engine/model/safetensors.ts';
import { writeSafetensors } from '../../../../src/engine/model/safetensorsWriter.ts';
import { brainOfFloat, halfOfFloat, TensorValues } from '../../../../src/engine/model/tensorValues.ts';

test('every half is written as itself, and what lies between goes to the nearer one', () => {
  const halves = new Float16Array(1);
  const words = new Uint16Array(halves.buffer);
  for (let bits = 0; bits < 0x7c00; bits++) {
    words[0] = bits;
    const value = halves[0]!;
    assert.equal(halfOfFloat(value), bits);
    assert.equal(halfOfFloat(-value), bits | 0x8000);
    // A little below the middle of two neighbours, the middle itself, and a little above it.
    words[0] = bits + 1;
    const middle = (value + (bits + 1 < 0x7c00 ? halves[0]! : value)) / 2;
    for (const between of [middle * (1 - 1e-6), middle, middle * (1 + 1e-6)].map(Math.fround)) {
      halves[0] = between;
      if (words[0] < 0x7c00) assert.equal(halfOfFloat(between), words[0], String(between));
    }
  }
});

test('what no half holds becomes the largest one; what is no number stays none', () => {
  assert.equal(halfOfFloat(1e6), 0x7bff);
  assert.equal(halfOfFloat(-Infinity), 0xfbff);
  assert.equal(halfOfFloat(NaN), 0x7e00);
  assert.equal(brainOfFloat(1), 0x3f80);
  assert.equal(brainOfFloat(NaN), 0x7fc0);
});

test('what was written is read back', async () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'sextant-tensors-'));
  try {
    const floats = Float32Array.from({ length: 6 }, (_, index) => index / 4 - 1);
    const bytes =
      (values: ArrayBufferView): (() => Uint8Array) =>
      () =>
        new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    await writeSafetensors(
      path.join(folder, 'weights'),
      [
        { name: 'a', type: 'F32', shape: [2, 3], bytes: bytes(floats) },
        { name: 'b', type: 'F16', shape: [6], bytes: bytes(Uint16Array.from(floats, halfOfFloat)) },
        { name: 'c', type: 'BF16', shape: [3, 2], bytes: bytes(Uint16Array.from(floats, brainOfFloat)) },
      ],
      { made: 'here' },
    );
    const header = await readSafetensorsHeader(path.join(folder, 'weights'));
    assert.equal(header.metadata['made'], 'here');
    using values = new TensorValues(folder, 'weights');
    for (const name of ['a', 'b', 'c']) assert.deepEqual(values.read(header.tensors.get(name)!), floats);
    assert.deepEqual(values.read(header.tensors.get('b')!, 2, 3), floats.slice(2, 5));
  } finally {
    rmSync(folder, { recursive: true });
  }
});
