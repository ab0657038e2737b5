import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test, { after } from 'node:test';
import fc from 'fast-check';
import { readSafetensorsHeader } from '../../../../src/engine/model/safetensors.ts';
import { SextantError } from '../../../../src/shared/errors.ts';
import { withHeader } from '../runtime/referenceModel.ts';

const folder = mkdtempSync(path.join(os.tmpdir(), 'sextant-safetensors-'));
after(() => rmSync(folder, { recursive: true, force: true }));

function write(bytes: Uint8Array): string {
  const file = path.join(folder, 'model.safetensors');
  writeFileSync(file, bytes);
  return file;
}

async function refuses(bytes: Uint8Array, what: RegExp): Promise<void> {
  await assert.rejects(readSafetensorsHeader(write(bytes)), (error) => {
    assert.ok(error instanceof SextantError, String(error));
    assert.equal(error.code, 'model_invalid');
    assert.match(error.message, what);
    return true;
  });
}

const tensor = { dtype: 'F32', shape: [2, 3], data_offsets: [0, 24] };
const data = Buffer.alloc(24);

test('a sound header says where each tensor lies', async () => {
  const header = {
    __metadata__: { format: 'pt' },
    a: tensor,
    b: { dtype: 'BF16', shape: [4], data_offsets: [24, 32] },
    empty: { dtype: 'F16', shape: [0, 7], data_offsets: [32, 32] },
    scalar: { dtype: 'I8', shape: [], data_offsets: [32, 33] },
    positions: { dtype: 'I64', shape: [1], data_offsets: [33, 41] },
  };
  const bytes = withHeader(header, Buffer.alloc(41));
  const { tensors, metadata, fileBytes } = await readSafetensorsHeader(write(bytes));
  const start = bytes.length - 41;
  assert.equal(fileBytes, bytes.length);
  assert.deepEqual(metadata, { format: 'pt' });
  assert.deepEqual([...tensors.keys()], ['a', 'b', 'empty', 'scalar'], 'types that no operation reads are left out');
  assert.deepEqual(tensors.get('a'), { type: 'F32', shape: [2, 3], offset: start, bytes: 24 });
  assert.deepEqual(tensors.get('b'), { type: 'BF16', shape: [4], offset: start + 24, bytes: 8 });
});

test('a file that is cut off is refused', async () => {
  const bytes = withHeader({ a: tensor }, data);
  await refuses(bytes.subarray(0, 0), /shorter than its header/);
  await refuses(bytes.subarray(0, 7), /shorter than its header/);
  await refuses(bytes.subarray(0, 20), /cut off/);
  await refuses(bytes.subarray(0, bytes.length - 1), /outside of the file/);
});

test('a header length beyond reason is refused before it is read', async () => {
  for (const length of [0xffff_ffff_ffff_ffffn, 1n << 40n, 17n * 1024n * 1024n]) {
    const bytes = withHeader({ a: tensor }, data);
    bytes.writeBigUInt64LE(length);
    await refuses(bytes, /claims/);
  }
});

test('a header that is not a JSON object is refused', async () => {
  await refuses(withHeader('text', data), /not an object/);
  await refuses(withHeader([1], data), /not an object/);
  const broken = withHeader({ a: tensor }, data);
  broken.write('!', 8);
  await refuses(broken, /not JSON/);
  await refuses(withHeader({ __metadata__: 3 }, data), /metadata/);
});

test('entries that lie are refused', async () => {
  const lies: readonly (readonly [unknown, RegExp])[] = [
    [{ ...tensor, dtype: 'F7' }, /unknown type/],
    [{ ...tensor, dtype: '__proto__' }, /unknown type/],
    [{ ...tensor, dtype: null }, /unknown type/],
    [{ ...tensor, shape: [2, 4] }, /needs 32 bytes|claims/],
    [{ ...tensor, shape: [2, -3] }, /shape/],
    [{ ...tensor, shape: [2, 1.5] }, /shape/],
    [{ ...tensor, shape: '2,3' }, /shape/],
    [{ ...tensor, shape: Array.from({ length: 9 }, () => 1) }, /shape/],
    [{ ...tensor, shape: [2 ** 52, 2 ** 52] }, /claims more/],
    [{ ...tensor, shape: [0, 2 ** 53 - 1], data_offsets: [0, 24] }, /needs 0 bytes/],
    [{ ...tensor, data_offsets: [0] }, /offsets/],
    [{ ...tensor, data_offsets: [24, 0] }, /outside/],
    [{ ...tensor, data_offsets: [0, 2 ** 50] }, /outside/],
    [{ ...tensor, data_offsets: [-24, 0] }, /offsets/],
    ['F32', /not an object/],
    [null, /not an object/],
  ];
  for (const [entry, what] of lies) await refuses(withHeader({ a: entry }, data), what);
});

test('tensors that overlap are refused', async () => {
  const b = { ...tensor, data_offsets: [20, 44] };
  await refuses(withHeader({ a: tensor, b }, Buffer.alloc(44)), /overlap/);
  await refuses(withHeader({ a: tensor, again: tensor }, data), /overlap/);
});

test('whatever the bytes, the answer is a header within the file or a typed refusal', async () => {
  const sound = withHeader({ a: tensor, b: { dtype: 'F16', shape: [4], data_offsets: [24, 32] } }, Buffer.alloc(32));
  const mutation = fc.array(fc.tuple(fc.nat(sound.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(mutation, async (changes) => {
      const bytes = Buffer.from(sound);
      for (const [at, value] of changes) bytes[at] = value;
      try {
        const { tensors, fileBytes } = await readSafetensorsHeader(write(bytes));
        for (const { offset, bytes: length } of tensors.values())
          assert.ok(offset >= 8 && offset + length <= fileBytes);
      } catch (error) {
        assert.ok(error instanceof SextantError && error.code === 'model_invalid', String(error));
      }
    }),
    { numRuns: 300, seed: 1 },
  );
});
