import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SeededRandom } from '../../../../src/engine/bench/seededRandom.ts';
import { findAtLeast32, findAtMost16 } from '../../../../src/engine/store/findKernel.ts';
import { wordBytes } from '../../../../src/engine/store/wasmCode.ts';

const wordCount = 50;
const kinds = {
  'at most, of 16 bits': { find: findAtMost16, numbers: Uint16Array, wanted: (n: number, bound: number) => n <= bound },
  'at least, of 32 bits': {
    find: findAtLeast32,
    numbers: Uint32Array,
    wanted: (n: number, bound: number) => n >= bound,
  },
};

for (const [name, { find, numbers, wanted }] of Object.entries(kinds)) {
  test(`words with a number that is ${name}: as looking at each`, () => {
    const random = new SeededRandom(3);
    const memory = new WebAssembly.Memory({ initial: 1 });
    const values = new numbers(memory.buffer, 0, (wordCount * wordBytes) / numbers.BYTES_PER_ELEMENT);
    const greatest = 2 ** (8 * numbers.BYTES_PER_ELEMENT) - 1;
    for (let i = 0; i < values.length; i += 1) values[i] = random.next() * greatest;
    // Those that a comparison with signs would get wrong.
    values.set([0, 1, greatest, greatest - 1, greatest / 2, greatest / 2 + 1], 40);
    const perWord = wordBytes / numbers.BYTES_PER_ELEMENT;
    const first = (from: number, end: number, bound: number) => {
      let word = from;
      while (word < end && !values.subarray(word * perWord, (word + 1) * perWord).some((n) => wanted(n, bound)))
        word += 1;
      return word;
    };
    const search = find(memory);
    const sorted = values.toSorted();
    for (const bound of [
      0,
      1,
      greatest,
      ...[0.01, 0.1, 0.5, 0.9, 0.99].map((share) => sorted.at(share * sorted.length)!),
    ]) {
      for (let from = 0; from <= wordCount; from += 1) {
        for (const end of [from, wordCount - 7, wordCount]) {
          if (end < from) continue;
          assert.equal(search(from * wordBytes, end * wordBytes, bound), first(from, end, bound) * wordBytes);
        }
      }
    }
  });
}
