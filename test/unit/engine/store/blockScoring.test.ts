import assert from 'node:assert/strict';
import test from 'node:test';
import { SeededRandom } from '../../../../src/engine/bench/seededRandom.ts';
import {
  Slots,
  type BlockRow,
  type Blocks,
  type PostingList,
  type TermMatches,
} from '../../../../src/engine/store/blockScoring.ts';
import { appendPosting, blockSize, fieldNames } from '../../../../src/engine/store/postingCodec.ts';

const blocks = 40;
const slotCount = blocks * blockSize;

function allBlocks(): Blocks {
  const lengths = new Uint16Array(blockSize).fill(10);
  const row = (block: number): BlockRow => ({
    block,
    used: blockSize,
    alive: blockSize,
    tokens: 10 * blockSize,
    lengths,
  });
  return new Map(Array.from({ length: blocks }, (_, block) => [block, row(block)]));
}

/** A term that gives each slot the score that it is said to have. */
const scoring = (scoreOf: (slot: number) => number): TermMatches => ({
  frequency: slotCount,
  score: (_, scores) => {
    for (let slot = 0; slot < scores.length; slot += 1) scores[slot] = scoreOf(slot);
  },
  forEachHeld: () => undefined,
});

const random = new SeededRandom(5);
const noise = Float32Array.from({ length: slotCount }, () => random.next());
const step = Math.floor(slotCount / 16_384);

const cases: Readonly<Record<string, (slot: number) => number>> = {
  'scores of every size': (slot) => noise[slot]! ** 8,
  'all the same': () => 0.25,
  'only a few': (slot) => (noise[slot]! < 0.001 ? noise[slot]! : 0),
  none: () => 0,
  'the best where they are looked for first': (slot) => (slot % step === 0 ? 2 + noise[slot]! : 1 - noise[slot]!),
  'the best where nobody looks first': (slot) => (slot % step === 1 ? 2 + noise[slot]! : noise[slot]!),
  'few, and all of them where they are looked for first': (slot) =>
    slot % step === 0 && noise[slot]! < 0.01 ? 1 + noise[slot]! : slot % 977 === 1 ? noise[slot]! : 0,
};

for (const [name, scoreOf] of Object.entries(cases)) {
  test(`the best of many: ${name}`, () => {
    const expected = Array.from({ length: slotCount }, (_, slot) => ({
      chunkId: slot,
      score: Math.fround(scoreOf(slot)),
    }))
      .filter(({ score }) => score > 0)
      .sort((left, right) => right.score - left.score || left.chunkId - right.chunkId);
    const slots = new Slots(allBlocks());
    for (const wanted of [0, 1, 7, 400, 5000]) {
      assert.deepEqual(slots.best([scoring(scoreOf)], wanted), expected.slice(0, wanted), `${wanted}`);
    }
  });
}

/** Postings of a term that this share of the chunks hold. */
function listsOf(random: SeededRandom, share: number): PostingList[] {
  return Array.from({ length: blocks }, (_, block) => {
    const [bytes, counts]: [number[], Uint8Array] = [[], new Uint8Array(fieldNames.length)];
    let count = 0;
    for (let id = 0; id < blockSize; id += 1) {
      if (random.next() >= share) continue;
      counts.forEach((_count, field) => (counts[field] = field === random.below(fieldNames.length) ? 1 : 0));
      counts[0]! += 1;
      appendPosting(bytes, id, counts);
      count += 1;
    }
    return { block, count, postings: Uint8Array.from(bytes) };
  });
}

test('terms taken apart say the same as their postings, be they rare or frequent, also of chunks that are gone', () => {
  const random = new SeededRandom(9);
  const rows = [...allBlocks().values()].map((row) => {
    const lengths = row.lengths.map((length) => (random.next() < 0.1 ? 0 : length));
    const alive = lengths.filter((length) => length > 0).length;
    return { ...row, alive, tokens: 10 * alive, lengths };
  });
  const slots = new Slots(new Map(rows.map((row) => [row.block, row])));
  const weights = { path: 2, symbol: 1, signature: 1, doc: 1, body: 1 };
  const terms = { rare: listsOf(random, 0.0005), some: listsOf(random, 0.01), frequent: listsOf(random, 0.4) };
  const names = Object.keys(terms);
  const asPostings = new Map(Object.entries(terms).map(([name, lists]) => [name, slots.matches(lists, weights)]));
  const apart = new Map(Object.entries(terms).map(([name, lists]) => [name, slots.decoded(lists, weights)]));
  const expected = slots.best(asPostings.values(), 3000);
  const found = slots.best(apart.values(), 3000);
  const ids = found.map(({ chunkId }) => chunkId);
  assert.deepEqual(
    ids,
    expected.map(({ chunkId }) => chunkId),
  );
  for (const [i, { score }] of found.entries()) assert.ok(Math.abs(score - expected[i]!.score) < 1e-5 * score);
  const [right, left] = [slots.keywordMatches(expected, names, asPostings), slots.keywordMatches(found, names, apart)];
  assert.deepEqual(left.frequencies, right.frequencies);
  // Of a block that is not there nothing is held.
  const asked = [...ids, slotCount + 5];
  const held = left.held(asked);
  assert.deepEqual(held, right.held(asked));
  assert.deepEqual(held.at(-1), []);
  assert.deepEqual([...new Set(held.flat())].sort(), [0, 1, 2]);
});
