import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { SearchMode } from '../../shared/search.ts';
import { maxQueryLength } from '../../shared/search.ts';
import type { Chunk } from '../chunk/chunk.ts';
import { textHashOf } from '../index/analyseFile.ts';
import { countTerms } from '../store/termPostings.ts';
import type { Encoder } from '../runtime/encoder.ts';
import { SearchEngine } from '../search/searchEngine.ts';
import type { Generation } from '../store/catalog.ts';
import type { IndexedFile } from '../store/fileWriter.ts';
import type { RootStore } from '../store/rootStore.ts';
import { codeTokens } from '../text/codeTokens.ts';
import { readBeirRows, readQrels, type BeirRow } from './beirDataset.ts';
import { retrievalMetrics, type RetrievalMetrics } from './retrievalMetrics.ts';
import { withScratchStore } from './scratchStore.ts';

export interface EvalBeirOptions {
  /** Folder with `corpus.jsonl`, `queries.jsonl` and `qrels/test.tsv`. */
  readonly dir: string;
  readonly mode: SearchMode;
  /** Needed by every mode but `keyword`. */
  readonly encoder?: Encoder | undefined;
  /** Where to write the ranking in TREC run format. */
  readonly runFile?: string;
  readonly signal?: AbortSignal;
  readonly onProgress?: (message: string) => void;
}

export interface EvalBeirResult extends RetrievalMetrics {
  readonly queries: number;
  readonly documents: number;
  readonly mode: SearchMode;
}

interface Run {
  readonly query: string;
  readonly ranking: readonly string[];
  readonly relevant: ReadonlySet<string>;
}

const documentsPerBatch = 256;
/** Deep enough for recall at 100. */
const depth = 100;

/** A document is a file of one chunk; its name says nothing about it, so it is left out of the terms. */
function fileOf({ id, text }: BeirRow): IndexedFile {
  const lines = text.split('\n').length;
  const chunk: Chunk = {
    kind: 'block',
    name: '',
    symbol: '',
    signature: '',
    doc: '',
    startLine: 1,
    endLine: lines,
    startOffset: 0,
    endOffset: text.length,
    text,
    definition: false,
  };
  const terms = countTerms({ path: [], symbol: [], signature: [], doc: [], body: codeTokens(text) });
  const textHash = textHashOf(text);
  return {
    path: id,
    size: text.length,
    mtimeMs: 0,
    contentHash: textHash.toString('hex'),
    language: 'plaintext',
    scope: 'code',
    chunks: [{ chunk, terms, textHash }],
    symbols: [],
  };
}

async function embedDocuments(
  store: RootStore,
  generation: Generation,
  encoder: Encoder,
  documents: readonly BeirRow[],
  { signal, onProgress }: EvalBeirOptions,
): Promise<void> {
  // Sorted by length, batches waste least whatever the runtime does with them.
  const ordered = documents.toSorted((left, right) => left.text.length - right.text.length);
  for (let start = 0; start < ordered.length; start += documentsPerBatch) {
    const texts = ordered.slice(start, start + documentsPerBatch).map(({ text }) => text);
    const { embeddings } = await encoder.embed(texts, 'document', signal === undefined ? {} : { signal });
    store.storeEmbeddings(
      generation,
      embeddings.map((vector, index) => ({ textHash: textHashOf(texts[index]!), vector })),
    );
    onProgress?.(`${Math.min(start + documentsPerBatch, ordered.length)} of ${ordered.length} documents embedded`);
  }
}

async function fill(store: RootStore, documents: readonly BeirRow[], options: EvalBeirOptions): Promise<void> {
  const encoder = options.mode === 'keyword' ? undefined : options.encoder;
  const target = store.prepare('beir', encoder);
  for (let start = 0; start < documents.length; start += documentsPerBatch) {
    const batch = documents.slice(start, start + documentsPerBatch);
    store.writeFiles(batch.map((row) => ({ file: fileOf(row), chunkSetIds: [target.chunkSet.id] })));
    options.signal?.throwIfAborted();
  }
  if (encoder !== undefined) await embedDocuments(store, target.generation!, encoder, documents, options);
  store.promote(target);
}

async function rankAll(
  store: RootStore,
  queries: readonly BeirRow[],
  qrels: ReadonlyMap<string, ReadonlySet<string>>,
  { mode, encoder, signal, onProgress }: EvalBeirOptions,
): Promise<Run[]> {
  const engine = new SearchEngine();
  const roots = [{ root: 'beir', index: store.reader }];
  const runs: Run[] = [];
  for (const { id, text } of queries) {
    const relevant = qrels.get(id);
    if (relevant === undefined) continue;
    const query = text.slice(0, maxQueryLength);
    const request = { query, mode, limit: depth, filters: {} };
    const { results } = await engine.search(roots, encoder, request, signal ?? new AbortController().signal);
    runs.push({ query: id, ranking: results.map((result) => result.path), relevant });
    if (runs.length % 100 === 0) onProgress?.(`${runs.length} queries searched`);
  }
  return runs;
}

function trecRun(runs: readonly Run[]): string {
  const lines = runs.flatMap(({ query, ranking }) =>
    ranking.map((document, rank) => `${query} Q0 ${document} ${rank + 1} ${ranking.length - rank} sextant`),
  );
  return `${lines.join('\n')}\n`;
}

/**
 * Measures search on a data set in BEIR layout: the documents go through the same store and search as a workspace, one
 * chunk each. Queries without a judgement are left out.
 */
export async function evalBeir(options: EvalBeirOptions): Promise<EvalBeirResult> {
  const [documents, queries, qrels] = await Promise.all([
    readBeirRows(path.join(options.dir, 'corpus.jsonl')),
    readBeirRows(path.join(options.dir, 'queries.jsonl')),
    readQrels(path.join(options.dir, 'qrels', 'test.tsv')),
  ]);
  return withScratchStore(async (store) => {
    await fill(store, documents, options);
    const runs = await rankAll(store, queries, qrels, options);
    if (options.runFile !== undefined) await writeFile(options.runFile, trecRun(runs));
    return { ...retrievalMetrics(runs), queries: runs.length, documents: documents.length, mode: options.mode };
  });
}
