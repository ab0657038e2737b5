import { chunkFile } from '../../src/engine/chunk/chunkFile.ts';
import { embeddingText } from '../../src/engine/chunk/embeddingText.ts';
import { analyseFile, indexedChunks } from '../../src/engine/index/analyseFile.ts';
import type { IndexedFile } from '../../src/engine/store/fileWriter.ts';
import { hashOf } from './indexedFiles.ts';

/** Files cut by the real chunker, as the indexer would hand them to the store. */
export async function chunkedFiles(files: Readonly<Record<string, string>>): Promise<IndexedFile[]> {
  return Promise.all(
    Object.entries(files).map(async ([path, text]) => {
      const file = analyseFile(path, await chunkFile({ path, text }), embeddingText);
      const { symbols, language, scope } = file;
      const contentHash = hashOf(text).toString('hex');
      const chunks = indexedChunks(file);
      return { path, size: text.length, mtimeMs: 1000, contentHash, language, scope, symbols, chunks };
    }),
  );
}
