import { chunkFile } from '../../src/engine/chunk/chunkFile.ts';
import { embeddingText } from '../../src/engine/chunk/embeddingText.ts';
import type { IndexedFile } from '../../src/engine/store/fileWriter.ts';
import { codeTokens } from '../../src/engine/text/codeTokens.ts';
import { hashOf } from './indexedFiles.ts';

/** Files cut by the real chunker, as the indexer would hand them to the store. */
export async function chunkedFiles(files: Readonly<Record<string, string>>): Promise<IndexedFile[]> {
  return Promise.all(
    Object.entries(files).map(async ([path, text]) => {
      const { chunks, symbols, language, scope } = await chunkFile({ path, text });
      return {
        path,
        size: text.length,
        mtimeMs: 1000,
        contentHash: hashOf(text).toString('hex'),
        language,
        scope,
        symbols,
        chunks: chunks.map((chunk) => ({
          chunk,
          terms: {
            path: codeTokens(path),
            symbol: codeTokens(chunk.symbol),
            signature: codeTokens(chunk.signature),
            doc: codeTokens(chunk.doc),
            body: codeTokens(chunk.text),
          },
          textHash: hashOf(embeddingText(path, chunk)),
        })),
      };
    }),
  );
}
