import pLimit from 'p-limit';
import { SextantError } from '../../shared/errors.ts';
import {
  maxQueryLength,
  type DuplicatesRequest,
  type DuplicatesResponse,
  type Location,
  type SearchFilters,
  type SearchMode,
  type SearchRequest,
  type SearchResponse,
  type SearchResult,
  type SimilarRequest,
} from '../../shared/search.ts';
import type { Encoder } from '../runtime/encoder.ts';
import type { ChunkRow } from '../store/searchIndex.ts';
import { findDuplicates } from './duplicates.ts';
import { gatherCandidates, type Gathered, type RankCandidate } from './gatherCandidates.ts';
import { fileRoles, type FileRole } from './fileRoles.ts';
import { profileQuery, type QueryProfile } from './queryProfile.ts';
import { rankCandidates, type RankedCandidate } from './rankCandidates.ts';
import { rankingWeights, type RankingWeights } from './rankingWeights.ts';
import { embeddedShareOf, resolveFilter, type SearchRoot } from './searchRoot.ts';
import { signalsOf, type SignalledCandidate } from './signals.ts';
import { similarQuery } from './similarQuery.ts';
import { TermScanner } from './termScanner.ts';

const keywordNotice = {
  noEncoder: 'Searched by keywords only: no model is loaded.',
  placeNotEmbedded: 'Compared by words only: this place is not embedded yet.',
  notEmbedded: 'Searched by keywords only: nothing is embedded yet.',
} as const;

interface PreparedQuery {
  readonly text: string;
  readonly mode: SearchMode;
  readonly vector: Float32Array | undefined;
  readonly embedMs: number;
  readonly notice: string | undefined;
}

/** Searches ranked at the same time: enough to keep a server busy while this process ranks. */
const searchesAtOnce = 4;

/**
 * Finds, ranks and explains; indexes and encoder are handed in with each call. Of many searches at once some wait for their turn: the
 * others are done the sooner, and the last no later.
 */
export class SearchEngine {
  readonly #weights: RankingWeights;
  readonly #turns = pLimit(searchesAtOnce);

  constructor(weights: RankingWeights = rankingWeights) {
    this.#weights = weights;
  }

  /**
   * Answers one page. Falls back to keywords, with a notice, where embeddings or the encoder are missing.
   * @throws SextantError `invalid_argument` for an empty or overlong query or a bad glob; the signal's reason when cancelled.
   */
  async search(
    roots: readonly SearchRoot[],
    encoder: Encoder | undefined,
    request: SearchRequest,
    signal: AbortSignal,
  ): Promise<SearchResponse> {
    const started = performance.now();
    const text = checkedQuery(request.query);
    signal.throwIfAborted();
    const embeddedShare = await embeddedShareOf(roots);
    const query = await prepare(text, request.mode, encoder, embeddedShare, signal);
    return this.#inTurn(signal, async () => {
      const searchStarted = performance.now();
      const offset = request.offset ?? 0;
      const ranked = await this.#rank(roots, query, request.filters, offset + request.limit + 1);
      const { results, seen } = await shown(ranked.slice(offset), request.limit, ranked[0]?.score, profileQuery(text));
      const done = performance.now();
      return {
        query: request.query,
        mode: query.mode,
        tookMs: { embed: query.embedMs, search: done - searchStarted, total: done - started },
        results,
        more: ranked.length > offset + seen,
        embeddedShare,
        ...(query.notice === undefined ? {} : { notice: query.notice }),
      };
    });
  }

  /**
   * Chunks like the code at a place, across all roots; those that overlap the place are left out.
   * @throws SextantError `not_found` where the root is not open or nothing is indexed at the place.
   */
  async similar(
    roots: readonly SearchRoot[],
    encoder: Encoder | undefined,
    { location, limit, filters }: SimilarRequest,
    signal: AbortSignal,
  ): Promise<SearchResponse> {
    const started = performance.now();
    const homes = roots.filter(({ root }) => root === location.root);
    if (homes.length === 0) throw new SextantError('not_found', `The folder ${location.root} is not open.`);
    const { text, vector, embedMs } = await similarQuery(homes, location, encoder, signal);
    return this.#inTurn(signal, async () => {
      const searchStarted = performance.now();
      const profile: QueryProfile = {
        ...profileQuery(text),
        kind: 'code',
        compounds: [],
        identifiers: [],
        wants: allRoles,
      };
      const candidates = await this.candidates(roots, { profile, vector, keywords: true, filters, wanted: limit + 1 });
      const elsewhere = candidates.filter(({ candidate }) => !overlaps(candidate, location));
      const ranked = rankCandidates(elsewhere, this.#weights.similar, 1);
      const { results, seen } = await shown(ranked, limit, ranked[0]?.score, profile);
      const done = performance.now();
      return {
        query: text,
        mode: vector === undefined ? 'keyword' : 'hybrid',
        tookMs: { embed: embedMs, search: done - searchStarted, total: done - started },
        results,
        more: ranked.length > seen,
        embeddedShare: await embeddedShareOf(roots),
        ...(vector === undefined && { notice: keywordNotice.placeNotEmbedded }),
      };
    });
  }

  /** Groups of code chunks that are at least `threshold` alike, over all roots together. */
  duplicates(
    roots: readonly SearchRoot[],
    request: DuplicatesRequest,
    signal: AbortSignal,
  ): Promise<DuplicatesResponse> {
    return findDuplicates(roots, request, signal);
  }

  /** The ranking's raw material: candidates with their signals, unordered. For evaluation and tuning. */
  async candidates(roots: readonly SearchRoot[], query: CandidateQuery): Promise<SignalledCandidate[]> {
    const { profile, filters, wanted } = query;
    const fields = this.#weights.fields;
    const ofRoot = async (root: SearchRoot): Promise<Gathered> => {
      const filter = await resolveFilter(root.index, filters);
      const { vector, keywords } = query;
      return gatherCandidates(root, { profile, vector, keywords, fields, filter, wanted });
    };
    const gathered = await Promise.all(roots.map(ofRoot));
    const candidates = gathered.flatMap((found) => found.candidates);
    return signalsOf(candidates, { profile, idf: await inverseDocumentFrequencies(roots, gathered) });
  }

  /** Works when the turn has come, and not for what was cancelled meanwhile. */
  #inTurn(signal: AbortSignal, work: () => Promise<SearchResponse>): Promise<SearchResponse> {
    return this.#turns(() => {
      signal.throwIfAborted();
      return work();
    });
  }

  async #rank(
    roots: readonly SearchRoot[],
    query: PreparedQuery,
    filters: SearchFilters,
    wanted: number,
  ): Promise<RankedCandidate[]> {
    const profile = profileQuery(query.text);
    const keywords = query.mode !== 'semantic';
    const candidates = await this.candidates(roots, { profile, vector: query.vector, keywords, filters, wanted });
    const weights = keywords ? this.#weights.signals[profile.kind] : this.#weights.semantic;
    return rankCandidates(candidates, weights, this.#weights.repeatDecay);
  }
}

const allRoles: ReadonlySet<FileRole> = new Set(fileRoles);

function overlaps({ root, head }: RankCandidate, place: Location): boolean {
  const sameFile = root === place.root && head.path === place.path;
  return sameFile && head.startLine <= place.endLine && place.startLine <= head.endLine;
}

export interface CandidateQuery {
  readonly profile: QueryProfile;
  readonly vector: Float32Array | undefined;
  readonly keywords: boolean;
  readonly filters: SearchFilters;
  readonly wanted: number;
}

/**
 * The query without white space around it.
 * @throws SextantError `invalid_argument` when nothing is left or it is too long.
 */
export function checkedQuery(query: string): string {
  const text = query.trim();
  if (text === '')
    throw new SextantError('invalid_argument', 'The query is empty.', { hint: 'Type what you look for.' });
  if (text.length > maxQueryLength) {
    throw new SextantError(
      'invalid_argument',
      `The query has ${text.length} characters; ${maxQueryLength} are allowed.`,
      {
        hint: 'Search for a shorter piece.',
      },
    );
  }
  return text;
}

async function prepare(
  text: string,
  mode: SearchMode,
  encoder: Encoder | undefined,
  embeddedShare: number,
  signal: AbortSignal,
): Promise<PreparedQuery> {
  const keyword = (notice?: string): PreparedQuery => ({
    text,
    mode: 'keyword',
    vector: undefined,
    embedMs: 0,
    notice,
  });
  if (mode === 'keyword') return keyword();
  if (encoder === undefined) return keyword(keywordNotice.noEncoder);
  if (embeddedShare === 0) return keyword(keywordNotice.notEmbedded);
  const started = performance.now();
  try {
    const { embeddings } = await encoder.embed([text], 'query', { signal });
    return { text, mode, vector: embeddings[0], embedMs: performance.now() - started, notice: undefined };
  } catch (error) {
    signal.throwIfAborted();
    const reason = error instanceof Error ? error.message : String(error);
    return keyword(`Searched by keywords only: the model failed (${reason}).`);
  }
}

/** BM25's inverse document frequency over all roots together. */
async function inverseDocumentFrequencies(
  roots: readonly SearchRoot[],
  gathered: readonly Gathered[],
): Promise<(term: string) => number> {
  const counts = await Promise.all(roots.map(async ({ index }) => index.counts()));
  const chunks = counts.reduce((sum, root) => sum + root.chunks, 0);
  const frequencies = new Map<string, number>();
  for (const [term, count] of gathered.flatMap((found) => [...found.frequencies])) {
    frequencies.set(term, (frequencies.get(term) ?? 0) + count);
  }
  return (term) => {
    const count = frequencies.get(term) ?? 0;
    // A word that is nowhere tells nothing about where to look.
    return count === 0 ? 0 : Math.log(1 + (chunks - count + 0.5) / (count + 0.5));
  };
}

/**
 * The first of the ranked with their texts, which only they need; a chunk that is gone by now makes room for the next. `seen`: how many
 * of the ranked that took.
 */
async function shown(
  ranked: readonly RankedCandidate[],
  wanted: number,
  best: number | undefined,
  { terms }: QueryProfile,
): Promise<{ readonly results: readonly SearchResult[]; readonly seen: number }> {
  const scanner = new TermScanner(terms);
  const results: SearchResult[] = [];
  let seen = 0;
  while (results.length < wanted && seen < ranked.length) {
    const part = ranked.slice(seen, seen + wanted - results.length);
    seen += part.length;
    const rows = await textsOf(part);
    for (const item of part) {
      const row = rows.get(item);
      if (row !== undefined) results.push(toResult(item, row, best ?? 1, scanner));
    }
  }
  return { results, seen };
}

/** By candidate, for two indexes may give chunks the same id. */
async function textsOf(items: readonly RankedCandidate[]): Promise<Map<RankedCandidate, ChunkRow>> {
  const ofIndex = [...Map.groupBy(items, ({ candidate }) => candidate.index)].map(async ([index, own]) => {
    const rows = await index.chunks(own.map(({ candidate }) => candidate.head.chunkId));
    const byId = new Map(rows.map((row) => [row.chunkId, row]));
    return own.flatMap((item) => {
      const row = byId.get(item.candidate.head.chunkId);
      return row === undefined ? [] : [[item, row] as const];
    });
  });
  return new Map((await Promise.all(ofIndex)).flat());
}

function toResult(
  { candidate, score, contributions }: RankedCandidate,
  row: ChunkRow,
  best: number,
  scanner: TermScanner,
): SearchResult {
  return {
    root: candidate.root,
    path: row.path,
    startLine: row.startLine,
    endLine: row.endLine,
    chunkId: row.chunkId,
    language: row.language,
    kind: row.kind,
    symbol: row.symbol,
    signature: row.signature,
    score: best <= 0 ? 0 : Math.min(1, Math.max(0, score / best)),
    signals: contributions,
    matches: scanner.scan(row.text),
    text: row.text,
  };
}
