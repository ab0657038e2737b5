import { existsSync } from 'node:fs';
import { readdir, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { SextantError } from '../../shared/errors.ts';
import { defaultEngineSettings } from '../../shared/protocol.ts';
import type { SearchMode } from '../../shared/search.ts';
import { defaultView } from '../../shared/team.ts';
import { ChunkPool } from '../index/chunkPool.ts';
import { chunkerVersion } from '../chunk/chunkerVersion.ts';
import { embeddingText } from '../chunk/embeddingText.ts';
import { Indexer } from '../index/indexer.ts';
import type { Encoder } from '../runtime/encoder.ts';
import { SearchEngine } from '../search/searchEngine.ts';
import type { RootStore } from '../store/rootStore.ts';
import type { SearchSource } from '../store/searchIndex.ts';
import type { SharedStore } from '../team/sharedStore.ts';
import {
  queryNdcg,
  readAnnotations,
  readRoots,
  repoNameOf,
  type AnnotatedQuery,
  type EvaluatedRepo,
  type ResultSpan,
} from './repoAnnotations.ts';
import { mean, median } from './retrievalMetrics.ts';
import { withScratchStore } from './scratchStore.ts';

export interface EvalReposOptions {
  /** Folder with one checkout a repository, named as the annotation files are. */
  readonly checkouts: string;
  /** Folder with `NAME.json` files. */
  readonly annotations: string;
  /** A `repos.json` that names language and folder to index for each repository. */
  readonly roots?: string;
  readonly mode: SearchMode;
  /** Needed by every mode but `keyword`. */
  readonly encoder?: Encoder | undefined;
  /** Publish each index here and search it there instead of in SQLite. */
  readonly sharedStore?: SharedStore;
  /** Where to write `{repo, query, results}` for each query. */
  readonly dumpFile?: string;
  readonly signal?: AbortSignal;
  readonly onProgress?: (message: string) => void;
}

export interface EvalReposResult {
  /** Mean over repositories of the mean over their queries. */
  readonly ndcg10: number;
  /** Means over the queries of all repositories. */
  readonly byCategory: Readonly<Record<string, number>>;
  /** Means over the repositories of a language. */
  readonly byLanguage: Readonly<Record<string, number>>;
  readonly byRepo: Readonly<Record<string, number>>;
  readonly queries: number;
  /** Of all repositories together. */
  readonly indexSeconds: number;
  /** Without embedding the query. */
  readonly queryMsP50: number;
  readonly mode: SearchMode;
}

interface ScoredQuery {
  readonly repo: EvaluatedRepo;
  readonly query: string;
  readonly category: string;
  readonly ndcg: number;
  readonly ms: number;
  readonly results: readonly ResultSpan[];
}

const resultsPerQuery = 10;

async function indexCheckout(
  store: RootStore,
  folder: string,
  name: string,
  chunker: ChunkPool,
  { mode, encoder, signal }: EvalReposOptions,
): Promise<number> {
  const indexer = new Indexer({
    root: { uri: pathToFileURL(folder).href, path: folder, name },
    store,
    chunker,
    chunkerVersion: String(chunkerVersion),
    embeddingText,
    settings: defaultEngineSettings,
  });
  try {
    indexer.start(mode === 'keyword' ? undefined : encoder);
    return (await indexer.whenIdle(signal)).seconds;
  } finally {
    await indexer.dispose();
  }
}

/** The index that is searched: SQLite's own, or what was published of it. */
async function searchedIndex(
  store: RootStore,
  name: string,
  { mode, encoder, sharedStore, signal }: EvalReposOptions,
): Promise<SearchSource> {
  if (sharedStore === undefined) return store.reader;
  const model = mode === 'keyword' ? undefined : encoder;
  const request = { store, repository: `eval/${name}`, view: defaultView, model };
  await sharedStore.publish(signal === undefined ? request : { ...request, signal });
  return sharedStore.index(request.repository, request.view, model?.fingerprint);
}

async function searchAll(
  index: SearchSource,
  repo: EvaluatedRepo,
  queries: readonly AnnotatedQuery[],
  { mode, encoder, signal }: EvalReposOptions,
): Promise<ScoredQuery[]> {
  const engine = new SearchEngine();
  const roots = [{ root: repo.name, index }];
  const scored: ScoredQuery[] = [];
  for (const { query, category, targets } of queries) {
    const request = { query, mode, limit: resultsPerQuery, filters: {} };
    const response = await engine.search(roots, encoder, request, signal ?? new AbortController().signal);
    const results = response.results.map((result) => ({
      // Paths are compared from the repository's root.
      path: path.posix.join(repo.root, result.path),
      startLine: result.startLine,
      endLine: result.endLine,
    }));
    scored.push({ repo, query, category, ndcg: queryNdcg(results, targets), ms: response.tookMs.search, results });
  }
  return scored;
}

function meansBy(scored: readonly ScoredQuery[], keyOf: (query: ScoredQuery) => string): Record<string, number> {
  const groups = Map.groupBy(scored, keyOf);
  return Object.fromEntries([...groups].map(([key, queries]) => [key, mean(queries.map(({ ndcg }) => ndcg))]));
}

function summarise(scored: readonly ScoredQuery[], indexSeconds: number, mode: SearchMode): EvalReposResult {
  const byRepo = meansBy(scored, ({ repo }) => repo.name);
  const languages = new Map(scored.map(({ repo }) => [repo.name, repo.language]));
  const byLanguage = Map.groupBy(Object.keys(byRepo), (name) => languages.get(name)!);
  return {
    ndcg10: mean(Object.values(byRepo)),
    byCategory: meansBy(scored, ({ category }) => category),
    byLanguage: Object.fromEntries(
      [...byLanguage].map(([key, names]) => [key, mean(names.map((name) => byRepo[name]!))]),
    ),
    byRepo,
    queries: scored.length,
    indexSeconds,
    queryMsP50: median(scored.map(({ ms }) => ms)),
    mode,
  };
}

/**
 * Measures search on questions about real repositories. Every annotated repository must have its checkout.
 * @throws SextantError `not_found` for a missing checkout, `invalid_argument` for files that cannot be understood.
 */
export async function evalRepos(options: EvalReposOptions): Promise<EvalReposResult> {
  const known = options.roots === undefined ? new Map<string, EvaluatedRepo>() : await readRoots(options.roots);
  const files = (await readdir(options.annotations)).filter((file) => file.endsWith('.json')).sort();
  if (files.length === 0) throw new SextantError('invalid_argument', `${options.annotations} holds no annotations.`);
  const chunker = new ChunkPool({ size: Math.max(1, os.availableParallelism() - 1) });
  const scored: ScoredQuery[] = [];
  let indexSeconds = 0;
  try {
    for (const file of files) {
      const name = repoNameOf(file);
      const repo = known.get(name) ?? { name, language: 'unknown', root: '' };
      const folder = path.join(options.checkouts, name, repo.root);
      if (!existsSync(folder)) throw new SextantError('not_found', `The checkout ${folder} does not exist.`);
      const queries = await readAnnotations(path.join(options.annotations, file));
      await withScratchStore(async (store) => {
        indexSeconds += await indexCheckout(store, folder, name, chunker, options);
        const index = await searchedIndex(store, name, options);
        scored.push(...(await searchAll(index, repo, queries, options)));
      });
      const own = scored.filter((query) => query.repo.name === name);
      options.onProgress?.(`${name}: nDCG@10 ${mean(own.map(({ ndcg }) => ndcg)).toFixed(4)}`);
    }
  } finally {
    await chunker.dispose();
  }
  if (options.dumpFile !== undefined) {
    const lines = scored.map(({ repo, query, results }) => JSON.stringify({ repo: repo.name, query, results }));
    await writeFile(options.dumpFile, `${lines.join('\n')}\n`);
  }
  return summarise(scored, indexSeconds, options.mode);
}
