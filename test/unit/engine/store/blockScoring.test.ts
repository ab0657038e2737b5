import assert from 'node:assert/strict';
import test from 'node:test';
import { SeededRandom } from '../../../../src/engine/bench/seededRandom.ts';
import { Slots, type BlockRow, type TermMatches } from '../../../../src/engine/store/blockScoring.ts';
import { blockSize } from '../../../../src/engine/store/postingCodec.ts';

const blocks = 40;
const slotCount = blocks * blockSize;

function allSlots(): Slots {
  const lengths = new Uint16Array(blockSize).fill(10);
  const row = (block: number): BlockRow => ({
    block,
    used: blockSize,
    alive: blockSize,
    tokens: 10 * blockSize,
    lengths,
  });
  return new Slots(new Map(Array.from({ length: blocks }, (_, block) => [block, row(block)])));
}

/** A term that gives each slot the score that it is said to have. */
const scoring = (scoreOf: (slot: number) => number): TermMatches => ({
  frequency: slotCount,
  score: (_, scores) => {
    for (let slot = 0; slot < scores.length; slot += 1) scores[slot] = scoreOf(slot);
  },
  forEachMarked: () => undefined,
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
    const slots = allSlots();
    for (const wanted of [0, 1, 7, 400, 5000]) {
      assert.deepEqual(slots.best([scoring(scoreOf)], wanted), expected.slice(0, wanted), `${wanted}`);
    }
  });
}
