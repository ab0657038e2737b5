import type { Encoder } from '../runtime/encoder.ts';
import { median } from './pairedRatio.ts';

/** Cost of a token in texts of one length. */
export interface LengthCost {
  /** Tokens of each text, special tokens counted. */
  readonly length: number;
  readonly wallMicrosPerToken: number;
  readonly cpuMicrosPerToken: number;
  /** CPU cost of a token over that in the shortest texts; 1 everywhere would be linear cost. */
  readonly relative: number;
}

const lengths = [128, 256, 512, 1024, 2048, 4096, 8192];
const rounds = 3;

/**
 * What a token costs as texts get longer, up to what the model takes. Every length runs over the same number of tokens,
 * in turns, so that neither batch sizes nor a machine that changes its pace colour the comparison.
 */
export async function lengthTable(encoder: Encoder, maxTokens: number, code: string): Promise<LengthCost[]> {
  const longest = Math.min(maxTokens, lengths.at(-1)!);
  const fitting = lengths.filter((length) => length <= longest);
  const samples = [];
  for (const length of fitting) samples.push(await textsOf(encoder, code, length, longest / length));
  const costs = samples.map(() => ({ wall: [] as number[], cpu: [] as number[] }));
  for (let round = 0; round < rounds; round++) {
    for (const [index, { texts, tokens }] of samples.entries()) {
      const before = process.cpuUsage();
      const start = performance.now();
      await encoder.embed(texts, 'document');
      costs[index]!.wall.push((1000 * (performance.now() - start)) / tokens);
      const { user, system } = process.cpuUsage(before);
      costs[index]!.cpu.push((user + system) / tokens);
    }
  }
  const base = median(costs[0]!.cpu);
  return samples.map(({ texts, tokens }, index) => ({
    length: Math.round(tokens / texts.length),
    wallMicrosPerToken: median(costs[index]!.wall),
    cpuMicrosPerToken: median(costs[index]!.cpu),
    relative: median(costs[index]!.cpu) / base,
  }));
}

interface Sample {
  readonly texts: readonly string[];
  readonly tokens: number;
}

/** Stretches of code of nearly `length` tokens, found by how many characters a token of this code has. */
async function textsOf(encoder: Encoder, code: string, length: number, count: number): Promise<Sample> {
  const many = Math.max(1, Math.floor(count));
  const first = code.slice(0, 2 * length);
  const { tokens } = await encoder.embed([first], 'document');
  const characters = Math.floor((first.length / tokens) * length * 0.95);
  const texts = Array.from({ length: many }, (_, index) => {
    const start = (index * 997) % Math.max(1, code.length - characters);
    return code.slice(start, start + characters).toWellFormed();
  });
  return { texts, tokens: (await encoder.embed(texts, 'document')).tokens };
}
