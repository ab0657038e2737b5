import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const here = path.dirname(fileURLToPath(import.meta.url));
const fromSource = import.meta.url.endsWith('.ts');

/** The folder that holds `package.json`, `media/` and, when packaged, `dist/`. */
export const packageRoot = fromSource ? path.join(here, '..', '..') : path.join(here, '..');

const workers = {
  chunkWorker: 'index/chunkWorker.ts',
  tokenizeWorker: 'runtime/tokenizeWorker.ts',
  encodeWorker: 'runtime/encodeWorker.ts',
  cudaProbe: 'runtime/cuda/cudaProbe.ts',
  providerProbe: 'runtime/providers/providerProbe.ts',
  trainWorker: 'finetune/training/trainWorker.ts',
  portableWorker: 'transfer/portableWorker.ts',
  teamBenchWorker: 'bench/teamBenchWorker.ts',
} as const;

/** Entry file of a worker thread or process: the source when run from source, else its bundle beside this one. */
export function workerEntry(name: keyof typeof workers): string {
  return fromSource ? path.join(here, workers[name]) : path.join(here, `${name}.mjs`);
}

const require = createRequire(import.meta.url);

/** Absolute path of a file that a dependency ships, such as a grammar. */
export function dependencyFile(specifier: string): string {
  return require.resolve(specifier);
}

/** The model that ships with Sextant. */
export const embeddedModelDirectory = path.join(packageRoot, 'media', 'models', 'sextant-embed-small');

/** Its adapter that tells moods. */
export const moodModelDirectory = path.join(packageRoot, 'media', 'models', 'sextant-mood-small');
