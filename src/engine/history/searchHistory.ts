import type { HistoryItem } from '../../shared/history.ts';
import type { SearchFilters, SearchResult } from '../../shared/search.ts';
import { pathFilter } from '../search/pathFilter.ts';
import { profileQuery } from '../search/queryProfile.ts';
import type { TermScanner } from '../search/termScanner.ts';
import type { HistoryFilter, HistoryReader } from '../store/history/historyTypes.ts';
import type { HistoryStore } from './historyStore.ts';

/** One root whose history is searched. */
export interface HistoryRoot {
  /** Canonical URI. */
  readonly root: string;
  readonly store: HistoryStore;
}

export interface HistoryQuery {
  /** Trimmed, not empty. */
  readonly text: string;
  /** Its embedding and the model that made it; absent for words alone. */
  readonly embedded: { readonly vector: Float32Array; readonly model: string } | undefined;
  readonly keywords: boolean;
  readonly filters: SearchFilters;
  readonly wanted: number;
}

interface Candidate {
  readonly root: string;
  readonly item: HistoryItem;
  readonly bm25: number;
  readonly cosine: number | undefined;
  /** The query names this commit or issue. */
  readonly named: boolean;
}

export interface RankedItem {
  readonly root: string;
  readonly item: HistoryItem;
  readonly score: number;
  readonly signals: Readonly<Record<string, number>>;
}

/** Candidates that each source brings up, at least. */
const fewestCandidates = 120;

/**
 * Weights of the two signals, each scaled to [0, 1] over the candidates. Messages are short and written in words, so meaning and
 * words count about the same; a merge repeats what its commits say.
 */
const weights = { meaning: 0.55, words: 0.45, named: 2, merge: -0.15 };

const objectName = /^[0-9a-f]{7,64}$/i;
const issueNumber = /^#?(\d{1,9})$/;

function keysIn(text: string): string[] {
  return text.split(/\s+/).flatMap((word) => {
    const number = issueNumber.exec(word);
    return number === null ? (objectName.test(word) ? [word.toLowerCase()] : []) : [number[1]!];
  });
}

/** Items that touch a file which the globs allow; undefined without globs. */
function filterFor(history: HistoryReader, { paths = [] }: SearchFilters): HistoryFilter {
  if (paths.length === 0) return {};
  const allows = pathFilter(paths);
  const pathIds = [...history.paths()].flatMap(([id, path]) => (allows(path) ? [id] : []));
  return { ids: history.itemsTouching(pathIds) };
}

function gather({ root, store }: HistoryRoot, query: HistoryQuery, classifier: string | undefined): Candidate[] {
  const { text, embedded, keywords, filters, wanted } = query;
  const { terms, compounds } = profileQuery(text);
  const limit = Math.max(fewestCandidates, wanted * 2);
  return store.readHistory((history) => {
    const filter = filterFor(history, filters);
    const allowed = (id: number): boolean => filter.ids?.has(id) ?? true;
    const named = new Set(
      keysIn(text)
        .flatMap((key) => history.byKey(key, 20))
        .filter(allowed),
    );
    const words = keywords ? history.keyword([...terms, ...compounds], limit, filter) : [];
    const dense = embedded === undefined ? [] : history.dense(embedded.model, embedded.vector, limit, filter);
    const ids = new Set([...named, ...words.map(({ id }) => id), ...dense.map(({ id }) => id)]);
    const cosines = new Map(
      (embedded === undefined ? [] : history.dense(embedded.model, embedded.vector, ids.size, { ids })).map((hit) => [
        hit.id,
        hit.score,
      ]),
    );
    const bm25 = new Map(words.map(({ id, score }) => [id, score]));
    return history.items([...ids], classifier).map((item) => ({
      root,
      item,
      bm25: bm25.get(item.id) ?? 0,
      cosine: cosines.get(item.id),
      named: named.has(item.id),
    }));
  });
}

/** Scales to [0, 1] between the least and the greatest of these numbers. */
function scaling(values: readonly number[], least = Math.min(...values)): (value: number) => number {
  const range = Math.max(...values) - least;
  return (value) => (range <= 0 ? 0 : (value - least) / range);
}

/** The best items of all roots, best first. */
export function rankHistory(
  roots: readonly HistoryRoot[],
  query: HistoryQuery,
  classifier: string | undefined,
): RankedItem[] {
  const candidates = roots.flatMap((root) => gather(root, query, classifier));
  const words = scaling(
    candidates.map(({ bm25 }) => bm25),
    0,
  );
  const cosines = candidates.map(({ cosine }) => cosine).filter((cosine) => cosine !== undefined);
  const meaning = scaling(cosines);
  return candidates
    .map(({ root, item, bm25, cosine, named }) => {
      const signals = {
        ...(cosine === undefined ? {} : { meaning: weights.meaning * meaning(cosine) }),
        ...(bm25 === 0 ? {} : { keyword: weights.words * words(bm25) }),
        ...(named ? { name: weights.named } : {}),
        ...(item.merge ? { merge: weights.merge } : {}),
      };
      return { root, item, signals, score: Object.values(signals).reduce((sum, value) => sum + value, 0) };
    })
    .sort((a, b) => b.score - a.score || b.item.at - a.item.at)
    .slice(0, query.wanted);
}

/** An item in the form that every search result has: the message as its text, the object name or number as its path. */
export function historyResult(
  { root, item, score, signals }: RankedItem,
  best: number,
  scanner: TermScanner,
): SearchResult {
  const text = item.body === '' ? item.title : `${item.title}\n\n${item.body}`;
  return {
    root,
    path: item.source === '' ? item.key : `${item.source}/${item.key}`,
    startLine: 1,
    endLine: text.split('\n').length,
    chunkId: -item.id,
    language: item.kind === 'commit' ? 'git-commit' : 'markdown',
    kind: 'section',
    symbol: item.title,
    signature: '',
    score: best <= 0 ? 0 : Math.min(1, Math.max(0, score / best)),
    signals,
    matches: scanner.scan(text),
    text,
    history: item,
  };
}
