import { seededRandom } from './seededRandom.ts';

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
  const random = seededRandom(7);
  const pick = (words: readonly string[]): string => words[Math.floor(random() * words.length)]!;
  const capital = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);
  const name = (): string => `${pick(verbs)}${capital(pick(nouns))}`;
  return Array.from({ length: count }, () => {
    const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    const lines = Math.max(1, Math.round(medianLines * Math.exp(lengthSpread * normal)));
    const body = Array.from(
      { length: Math.min(lines, 120) },
      () => `  const ${pick(nouns)} = ${name()}(${pick(nouns)});`,
    );
    return `function ${name()}(${pick(nouns)}) {\n${body.join('\n')}\n}`;
  });
}

/** Short questions, each different. */
export function sampleQueries(count: number): string[] {
  const random = seededRandom(8);
  const pick = (words: readonly string[]): string => words[Math.floor(random() * words.length)]!;
  return Array.from(
    { length: count },
    (_, index) => `how do we ${pick(verbs)} the ${pick(nouns)} of a ${pick(nouns)} ${index}`,
  );
}
