import { RootStore } from '../../src/engine/store/rootStore.ts';

/** All that a search can see in a database, without row ids: equal dumps give equal answers. */
export function indexDump(databaseFile: string, terms: readonly string[]): Readonly<Record<string, unknown>> {
  const store = new RootStore(databaseFile);
  const weights = { path: 1, symbol: 2, signature: 1, doc: 1, body: 1 };
  try {
    return store.read((reader) => {
      const files = reader.files();
      const chunks = files.flatMap(({ fileId }) => reader.chunksOfFile(fileId));
      const embeddings = reader.embeddings(chunks.map(({ chunkId }) => chunkId));
      const place = new Map(chunks.map(({ chunkId, path, startLine }) => [chunkId, `${path}:${startLine}`]));
      return {
        counts: reader.counts(),
        files: files.map(({ path, language, scope, chunkCount }) => ({ path, language, scope, chunkCount })),
        chunks: chunks.map(({ chunkId, ...chunk }) => ({
          ...chunk,
          fileId: 0,
          vector: Buffer.from(embeddings.get(chunkId)?.buffer ?? new ArrayBuffer(0)).toString('base64'),
        })),
        keyword: terms.map((term) => [
          term,
          reader
            .keyword([term], weights, 10_000, {})
            .best.map(({ chunkId, score }) => `${place.get(chunkId)} ${score.toFixed(6)}`)
            .sort(),
        ]),
        nearest: chunks
          .filter((_, index) => index % 50 === 0)
          .map(({ chunkId }) =>
            reader.dense(embeddings.get(chunkId) ?? new Float32Array(), 5, {}).map((hit) => place.get(hit.chunkId)),
          ),
        symbols: reader
          .symbolsByPrefix('f', 10_000, {})
          .map(({ chunkId, name, line }) => [place.get(chunkId), name, line]),
      };
    });
  } finally {
    store.close();
  }
}
