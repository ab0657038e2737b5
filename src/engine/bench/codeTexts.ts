import { readFile } from 'node:fs/promises';
import { chunkFile } from '../chunk/chunkFile.ts';
import { embeddingText } from '../chunk/embeddingText.ts';
import { SextantError } from '../../shared/errors.ts';
import { Discovery, type DiscoveredFile } from '../workspace/discoverFiles.ts';
import { SeededRandom } from './seededRandom.ts';

/** Files chunked at most; a sample of a repository needs no more. */
const maxFiles = 1000;

/**
 * What indexing would embed for a folder: a seeded sample of its real chunks, with the lengths that they have.
 * @throws SextantError `not_found` for a folder without code.
 */
export async function codeTexts(folder: string, count: number, signal?: AbortSignal): Promise<string[]> {
  const options = { maxFileSizeBytes: 256 * 1024, exclude: [], useGitignore: true };
  const files: DiscoveredFile[] = [];
  for await (const file of new Discovery(folder, options)) files.push(file);
  const random = new SeededRandom(11);
  const texts: string[] = [];
  for (const file of shuffled(files, random).slice(0, maxFiles)) {
    signal?.throwIfAborted();
    const text = await readFile(file.absolutePath, 'utf8');
    const { chunks } = await chunkFile({ path: file.path, text });
    texts.push(...chunks.map((chunk) => embeddingText(file.path, chunk)));
    if (texts.length >= 4 * count) break;
  }
  if (texts.length === 0) throw new SextantError('not_found', `There is no code to measure with in ${folder}.`);
  const picked = shuffled(texts, random);
  // A small repository is gone over more than once.
  return Array.from({ length: count }, (_, index) => picked[index % picked.length]!);
}

function shuffled<T>(items: readonly T[], random: SeededRandom): T[] {
  const result = [...items];
  for (let at = result.length - 1; at > 0; at--) {
    const other = random.below(at + 1);
    [result[at], result[other]] = [result[other]!, result[at]!];
  }
  return result;
}
