import { SeededRandom } from './seededRandom.ts';

const verbs = [
  'read',
  'write',
  'parse',
  'find',
  'merge',
  'close',
  'sign',
  'verify',
  'encode',
  'update',
  'render',
  'count',
];
const nouns = [
  'file',
  'token',
  'session',
  'index',
  'buffer',
  'query',
  'header',
  'chunk',
  'vector',
  'path',
  'event',
  'cache',
];
const medianLines = 10;
/** Spread of the logarithm of the lengths: a tenth of the chunks is below a third of the median, a tenth above three times. */
const lengthSpread = 0.85;

/** Made-up functions, as long as code chunks are: about 120 tokens in the median, log-normal around it. */
export function sampleTexts(count: number): string[] {
  const random = new SeededRandom(7);
  const noun = (): string => nouns[random.below(nouns.length)]!;
  const name = (): string => {
    const object = noun();
    return `${verbs[random.below(verbs.length)]!}${object.charAt(0).toUpperCase()}${object.slice(1)}`;
  };
  return Array.from({ length: count }, () => {
    const lines = Math.max(1, Math.round(medianLines * Math.exp(lengthSpread * random.gaussian())));
    const body = Array.from({ length: Math.min(lines, 120) }, () => `  const ${noun()} = ${name()}(${noun()});`);
    return `function ${name()}(${noun()}) {\n${body.join('\n')}\n}`;
  });
}

/** Short questions, each different. */
export function sampleQueries(count: number): string[] {
  const random = new SeededRandom(8);
  const pick = (words: readonly string[]): string => words[random.below(words.length)]!;
  return Array.from(
    { length: count },
    (_, index) => `how do we ${pick(verbs)} the ${pick(nouns)} of a ${pick(nouns)} ${index}`,
  );
}
