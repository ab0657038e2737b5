import type { CandidateFilter, ChunkHead, FieldWeights, SearchSource } from '../store/searchIndex.ts';
import type { QueryProfile } from './queryProfile.ts';
import { candidateLimits } from './rankingWeights.ts';
import type { SearchRoot } from './searchRoot.ts';

/** A chunk that one of the sources brought up, with what each source said about it. */
export interface RankCandidate {
  readonly root: string;
  /** Where the chunk is: layers of one root are several indexes. */
  readonly index: SearchSource;
  readonly head: ChunkHead;
  /** Places of the query's terms that the chunk holds; those of joined ones follow. */
  readonly terms: readonly number[];
  /** Weighted BM25; 0 where the keyword source did not bring it up. */
  readonly bm25: number;
  /** Cosine to the query; undefined where the chunk has no embedding or there is no query vector. */
  readonly cosine: number | undefined;
  /** 1 for a definition of a name in the query written the same way, less where only the case differs or it is a prefix. */
  readonly exactName: number;
}

export interface GatherOptions {
  readonly profile: QueryProfile;
  readonly vector: Float32Array | undefined;
  /** False for purely semantic search. */
  readonly keywords: boolean;
  readonly fields: FieldWeights;
  readonly filter: CandidateFilter;
  /** How many results are wanted; the limits grow with it. */
  readonly wanted: number;
}

/** Constant of reciprocal rank fusion (Cormack et al. 2009); only decides which candidates are ranked in full. */
const fusionConstant = 30;

function reciprocal(rank: number): number {
  return 1 / (fusionConstant + rank);
}

const nameMatch = { same: 1, otherCase: 0.7, prefix: 0.3 } as const;

/** What is known of a chunk while the sources are asked. */
interface Brought {
  readonly chunkId: number;
  /** Reciprocal ranks so far. */
  fused: number;
  bm25: number;
  cosine: number | undefined;
  exactName: number;
}

/** Chunks that any source brought up. */
class BroughtUp {
  readonly #chunks = new Map<number, Brought>();

  of(chunkId: number): Brought {
    let chunk = this.#chunks.get(chunkId);
    if (chunk === undefined) {
      chunk = { chunkId, fused: 0, bm25: 0, cosine: undefined, exactName: 0 };
      this.#chunks.set(chunkId, chunk);
    }
    return chunk;
  }

  /** The first by reciprocal rank fusion. */
  first(limit: number): Brought[] {
    return [...this.#chunks.values()].sort((left, right) => right.fused - left.fused).slice(0, limit);
  }
}

async function nameHits(index: SearchSource, { profile, filter }: GatherOptions): Promise<Map<number, number>> {
  const hits = new Map<number, number>();
  const note = (chunkId: number, value: number) => hits.set(chunkId, Math.max(hits.get(chunkId) ?? 0, value));
  for (const name of profile.identifiers) {
    const found = await index.symbols(name, candidateLimits.sameName, filter);
    const same = found.filter((hit) => hit.name === name);
    const others = found.filter((hit) => hit.name !== name);
    for (const hit of same.slice(0, candidateLimits.symbol)) note(hit.chunkId, nameMatch.same);
    for (const hit of others.slice(0, Math.max(0, candidateLimits.symbol - same.length)))
      note(hit.chunkId, nameMatch.otherCase);
    if (profile.kind !== 'identifier') continue;
    const longer = await index.symbolsByPrefix(name, candidateLimits.symbol, filter);
    for (const hit of longer) note(hit.chunkId, nameMatch.prefix);
  }
  return hits;
}

/** Tells the cosines that the dense search left out: of what only other sources brought up, and of all where it did not know them. */
async function addCosines(
  index: SearchSource,
  chunks: readonly Brought[],
  vector: Float32Array | undefined,
): Promise<void> {
  if (vector === undefined) return;
  const unknown = chunks.filter(({ cosine }) => cosine === undefined);
  const cosines = await index.cosines(
    vector,
    unknown.map(({ chunkId }) => chunkId),
  );
  for (const [i, chunk] of unknown.entries()) chunk.cosine = cosines[i];
}

/** What one root brings up for a query. */
export interface Gathered {
  readonly candidates: readonly RankCandidate[];
  /** Number of chunks that hold each term of the query. */
  readonly frequencies: ReadonlyMap<string, number>;
}

/** Candidates of one root from BM25, the embeddings and the symbol table, at most `ranked` of them. */
export async function gatherCandidates({ root, index }: SearchRoot, options: GatherOptions): Promise<Gathered> {
  const { profile, vector, filter, wanted } = options;
  const scale = Math.max(1, wanted / 50);
  const terms = [...profile.terms, ...profile.compounds];
  const keywords = options.keywords ? Math.ceil(candidateLimits.keyword * scale) : 0;
  const [matches, dense, names] = await Promise.all([
    index.keyword(terms, options.fields, keywords, filter),
    vector === undefined ? [] : index.dense(vector, Math.ceil(candidateLimits.dense * scale), filter),
    options.keywords ? nameHits(index, options) : new Map<number, number>(),
  ]);
  const brought = new BroughtUp();
  for (const [rank, { chunkId, score }] of matches.best.entries()) {
    const chunk = brought.of(chunkId);
    chunk.fused += reciprocal(rank);
    chunk.bm25 = score;
  }
  for (const [rank, { chunkId, score }] of dense.entries()) {
    const chunk = brought.of(chunkId);
    chunk.fused += reciprocal(rank);
    chunk.cosine = score;
  }
  for (const [chunkId, value] of names) {
    const chunk = brought.of(chunkId);
    chunk.fused += value * reciprocal(0);
    chunk.exactName = value;
  }
  const kept = brought.first(Math.ceil(candidateLimits.ranked * scale));
  const chunkIds = kept.map(({ chunkId }) => chunkId);
  const [heads] = await Promise.all([index.heads(chunkIds), addCosines(index, kept, vector)]);
  const held = matches.held(chunkIds);
  const candidates: RankCandidate[] = [];
  for (const [i, { bm25, cosine, exactName }] of kept.entries()) {
    const head = heads[i];
    if (head !== undefined) candidates.push({ root, index, head, terms: held[i]!, bm25, cosine, exactName });
  }
  return { candidates, frequencies: matches.frequencies };
}
