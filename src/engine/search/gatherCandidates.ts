import type { CandidateFilter, ChunkHead, FieldWeights, NearCandidate, SearchSource } from '../store/searchIndex.ts';
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

const nameMatch = { same: 1, otherCase: 0.7, prefix: 0.3 } as const;

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

function addRanks(fused: Map<number, number>, ranked: readonly { readonly chunkId: number }[]): void {
  for (const [rank, { chunkId }] of ranked.entries()) {
    fused.set(chunkId, (fused.get(chunkId) ?? 0) + 1 / (fusionConstant + rank));
  }
}

/** Cosines of chunks to the query: most of those that the dense search brought up have theirs already. */
async function cosines(
  index: SearchSource,
  chunkIds: readonly number[],
  vector: Float32Array | undefined,
  dense: readonly NearCandidate[],
): Promise<Map<number, number>> {
  if (vector === undefined) return new Map();
  const known = new Map(dense.flatMap(({ chunkId, score }) => (score === undefined ? [] : [[chunkId, score]])));
  const others = chunkIds.filter((chunkId) => !known.has(chunkId));
  return new Map([...known, ...(await index.cosines(vector, others))]);
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
  const fused = new Map<number, number>();
  addRanks(fused, matches.best);
  addRanks(fused, dense);
  for (const [chunkId, value] of names) fused.set(chunkId, (fused.get(chunkId) ?? 0) + value / fusionConstant);
  const kept = [...fused.entries()]
    .sort((left, right) => right[1] - left[1])
    .slice(0, Math.ceil(candidateLimits.ranked * scale))
    .map(([chunkId]) => chunkId);
  const bm25 = new Map(matches.best.map((candidate) => [candidate.chunkId, candidate.score]));
  const [cosine, heads] = await Promise.all([cosines(index, kept, vector, dense), index.heads(kept)]);
  const held = matches.held(kept);
  const candidates = heads.map((head) => ({
    root,
    index,
    head,
    terms: held.get(head.chunkId) ?? [],
    bm25: bm25.get(head.chunkId) ?? 0,
    cosine: cosine.get(head.chunkId),
    exactName: names.get(head.chunkId) ?? 0,
  }));
  return { candidates, frequencies: matches.frequencies };
}
