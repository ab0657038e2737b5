import path from 'node:path';
import type { SymbolKind } from '../../shared/search.ts';
import { defaultView } from '../../shared/team.ts';
import type { ModelIdentity } from '../store/catalog.ts';
import type { IndexedChunk, IndexedFile } from '../store/fileWriter.ts';
import { countTerms } from '../store/termPostings.ts';
import { candidateLimits, rankingWeights } from '../search/rankingWeights.ts';
import { RootIndex } from '../store/rootIndex.ts';
import { RootStore } from '../store/rootStore.ts';
import type { CandidateFilter } from '../store/searchIndex.ts';
import type { SharedStore } from '../team/sharedStore.ts';
import { textHashOf } from '../index/analyseFile.ts';
import { codeTokens } from '../text/codeTokens.ts';
import { latencyOf, type Latency } from './latency.ts';
import { SeededRandom } from './seededRandom.ts';
import { OwnClient } from './teamClient.ts';

export interface StoreBenchOptions {
  readonly chunks: number;
  readonly dimension: number;
  /** An empty folder for the database. */
  readonly dir: string;
  /** Searches of each sort; the default is 200. */
  readonly queries?: number;
  /** Gets the same chunks, as a repository of their own that stays there, and is asked the same. */
  readonly shared?: SharedStore | undefined;
  readonly onProgress?: (message: string) => void;
  readonly signal: AbortSignal;
}

export interface StoreBenchResult {
  readonly chunks: number;
  readonly dimension: number;
  readonly writeSeconds: number;
  readonly embedWriteSeconds: number;
  readonly databaseBytes: number;
  /** Growth of the process's resident memory while searching, with the page caches of SQLite. */
  readonly memoryBytes: number;
  readonly keyword: Latency;
  readonly dense: Latency;
  readonly denseByLanguage: Latency;
  readonly denseByFiles: Latency;
  readonly symbol: Latency;
  readonly symbolPrefix: Latency;
  /** A whole hybrid search with its ranking, but for embedding the question. */
  readonly search: Latency;
  readonly shared: SharedFigures | undefined;
}

interface SharedFigures {
  readonly repository: string;
  readonly publishSeconds: number;
  /** Files that were brought there; none where an earlier run has left them. */
  readonly added: number;
  /** As {@link StoreBenchResult.search}, one after another. */
  readonly search: Latency;
  /** The same, fifty at once, of each round. */
  readonly together: readonly Latency[];
}

interface Question {
  readonly query: string;
  readonly vector: Float32Array;
}

const vocabularySize = 60_000;
const wordsPerChunk = 110;
const chunksPerFile = 12;
const clusters = 400;
const languages = ['typescript', 'python', 'go', 'rust', 'markdown'];
const kinds: readonly SymbolKind[] = ['function', 'method', 'class', 'block', 'test'];
/** Searches before the clock runs. */
const warmUps = 20;
const sharedRounds = 40;
const sharedAtOnce = 50;

function modelOf(dimension: number): ModelIdentity {
  return { fingerprint: `bench-${dimension}`, name: 'bench', dimension };
}

/** Words as they are spread in code and prose: the nth most frequent has a share of about 1/n (Zipf). */
class Words {
  readonly #random: SeededRandom;
  readonly #cumulative: Float64Array;

  constructor(random: SeededRandom) {
    this.#random = random;
    this.#cumulative = new Float64Array(vocabularySize);
    let sum = 0;
    for (let rank = 0; rank < vocabularySize; rank += 1) this.#cumulative[rank] = sum += 1 / (rank + 3);
  }

  some(count: number): string {
    return Array.from({ length: count }, () => this.#word()).join(' ');
  }

  #word(): string {
    const point = this.#random.next() * this.#cumulative[vocabularySize - 1]!;
    let [low, high] = [0, vocabularySize - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#cumulative[middle]! < point) low = middle + 1;
      else high = middle;
    }
    return `w${low.toString(26).replaceAll(/\d/g, (digit) => 'qrstuvwxyz'[Number(digit)]!)}`;
  }
}

/** Unit vectors around cluster centres, as embeddings of code are: neighbours exist, and far more rows are far away. */
class Vectors {
  readonly #random: SeededRandom;
  readonly #centres: readonly Float32Array[];
  readonly #dimension: number;

  constructor(random: SeededRandom, dimension: number) {
    this.#random = random;
    this.#dimension = dimension;
    this.#centres = Array.from({ length: clusters }, () => this.#gaussian(1));
  }

  near(seed: Float32Array | undefined, spread: number): Float32Array {
    const centre = seed ?? this.#centres[this.#random.below(clusters)]!;
    const noise = this.#gaussian(spread);
    const vector = centre.map((value, i) => value + noise[i]!);
    const length = Math.hypot(...vector);
    return vector.map((value) => value / length);
  }

  #gaussian(scale: number): Float32Array {
    const root = scale / Math.sqrt(this.#dimension);
    return Float32Array.from({ length: this.#dimension }, () => this.#random.gaussian() * root);
  }
}

function syntheticChunk(words: Words, index: number): IndexedChunk {
  const body = words.some(wordsPerChunk);
  const name = `symbol${index}`;
  const chunk = {
    kind: kinds[index % kinds.length]!,
    name,
    symbol: name,
    signature: body.slice(0, 40),
    doc: '',
    startLine: (index % chunksPerFile) * 20 + 1,
    endLine: (index % chunksPerFile) * 20 + 20,
    startOffset: 0,
    endOffset: body.length,
    text: body,
    definition: true,
  };
  const terms = countTerms({
    path: codeTokens(`src/folder${index % 50}`),
    symbol: codeTokens(name),
    signature: codeTokens(chunk.signature),
    doc: [],
    body: codeTokens(body),
  });
  return { chunk, terms, textHash: textHashOf(`${index}\n${body}`) };
}

function syntheticFile(words: Words, index: number, chunkCount: number): IndexedFile {
  const chunks = Array.from({ length: chunkCount }, (_, i) => syntheticChunk(words, index * chunksPerFile + i));
  return {
    path: `src/folder${index % 50}/file${index}.ts`,
    size: 4000,
    mtimeMs: index,
    contentHash: textHashOf(chunks.map(({ chunk }) => chunk.text).join('\n')).toString('hex'),
    language: languages[index % languages.length]!,
    scope: 'code',
    chunks,
    symbols: chunks.map(({ chunk }) => ({ name: chunk.name, kind: chunk.kind, line: chunk.startLine })),
  };
}

function fill(store: RootStore, { chunks, dimension }: StoreBenchOptions, words: Words, vectors: Vectors) {
  const target = store.prepare('bench', modelOf(dimension));
  const start = performance.now();
  for (let first = 0; first * chunksPerFile < chunks; first += 24) {
    const files = Array.from({ length: 24 }, (_, i) => first + i).filter((index) => index * chunksPerFile < chunks);
    store.writeFiles(
      files.map((index) => ({
        file: syntheticFile(words, index, Math.min(chunksPerFile, chunks - index * chunksPerFile)),
        chunkSetIds: [target.chunkSet.id],
      })),
    );
  }
  while (store.sweep());
  const written = performance.now();
  const generation = target.generation!;
  for (const batch of store.pending(generation, 256)) {
    store.storeEmbeddings(
      generation,
      batch.map(({ textHash }) => ({ textHash, vector: vectors.near(undefined, 1) })),
    );
  }
  return { writeSeconds: (written - start) / 1000, embedWriteSeconds: (performance.now() - written) / 1000 };
}

interface Asking {
  readonly time: (work: (question: Question) => unknown) => Promise<Latency>;
  readonly question: () => Question;
}

async function sharedFigures(
  shared: SharedStore,
  store: RootStore,
  { chunks, dimension, signal, onProgress }: StoreBenchOptions,
  { time, question }: Asking,
): Promise<SharedFigures> {
  const model = modelOf(dimension);
  const repository = `sextant-bench-${chunks}-${dimension}`;
  const { seconds, added } = await shared.publish({
    store,
    repository,
    view: defaultView,
    model,
    signal,
    onProgress: ({ step, done, total }) => onProgress?.(`publishing · ${step} · ${done} of ${total}`),
  });
  const index = await shared.index(repository, defaultView, model.fingerprint);
  const client = new OwnClient(index, 'hybrid', model, signal);
  const search = await time((asked) => client.together([asked]));
  const together: Latency[] = [];
  for (let round = 0; round < sharedRounds; round += 1) {
    signal.throwIfAborted();
    together.push(latencyOf(await client.together(Array.from({ length: sharedAtOnce }, question))));
    onProgress?.(`${round + 1} of ${sharedRounds} rounds of ${sharedAtOnce} searches at once`);
  }
  return { repository, publishSeconds: seconds, added, search, together };
}

/** Builds a store of synthetic chunks and times what a search asks of it. */
export async function storeBench(options: StoreBenchOptions): Promise<StoreBenchResult> {
  const { chunks, dimension, dir, queries = 200, signal } = options;
  const random = new SeededRandom(7);
  const words = new Words(random);
  const vectors = new Vectors(random, dimension);
  const store = new RootStore(path.join(dir, 'bench.db'));
  try {
    store.acquire();
    const seconds = fill(store, options, words, vectors);
    const memoryBefore = process.memoryUsage.rss();
    const files = store.read((reader) => reader.files());
    const some = files.filter((_, index) => index % 10 === 0).map(({ fileId }) => fileId);
    // Each is asked once: some of what a search reads is kept for the next.
    const question = (): Question => ({ query: words.some(3 + random.below(8)), vector: vectors.near(undefined, 1) });
    const time = async (work: (question: Question) => unknown): Promise<Latency> => {
      const times: number[] = [];
      for (let i = -warmUps; i < queries; i += 1) {
        signal.throwIfAborted();
        const asked = question();
        const start = performance.now();
        await work(asked);
        if (i >= 0) times.push(performance.now() - start);
      }
      return latencyOf(times);
    };
    const { keyword, dense, symbol } = candidateLimits;
    const near = (filter: CandidateFilter) => (asked: Question) =>
      store.read((reader) => reader.dense(asked.vector, dense, filter));
    const model = modelOf(dimension);
    const index = new RootIndex(store, () => model.fingerprint);
    const client = new OwnClient(index, 'hybrid', model, signal);
    const latencies = {
      keyword: await time(({ query }) =>
        store.read((reader) => reader.keyword(codeTokens(query), rankingWeights.fields, keyword, {})),
      ),
      dense: await time(near({})),
      denseByLanguage: await time(near({ languages: ['python'] })),
      denseByFiles: await time(near({ fileIds: new Set(some) })),
      symbol: await time(() => store.read((reader) => reader.symbols(`symbol${random.below(chunks)}`, symbol, {}))),
      symbolPrefix: await time(() =>
        store.read((reader) => reader.symbolsByPrefix(`symbol${random.below(chunks / 100)}`, symbol, {})),
      ),
      search: await time((asked) => client.together([asked])),
    };
    const memoryBytes = process.memoryUsage.rss() - memoryBefore;
    const shared = options.shared && (await sharedFigures(options.shared, store, options, { time, question }));
    return { chunks, dimension, ...seconds, databaseBytes: store.bytes(), memoryBytes, ...latencies, shared };
  } finally {
    store.close();
  }
}
