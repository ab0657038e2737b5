import { conditionOf } from './candidateFilter.ts';
import type { Labels } from './labels.ts';
import type { Candidate, CandidateFilter, FieldWeights } from './searchIndex.ts';
import { keywordTable, vocabularyTable } from './searchTables.ts';
import { StatementCache, type Sqlite, type Statement } from './sqlite.ts';

/** Document frequencies are good enough until the number of chunks has changed by this share. */
const frequencyDrift = 0.02;

interface Frequencies {
  readonly chunkCount: number;
  readonly byTerm: Map<string, number>;
}

function quoted(term: string): string {
  return `"${term.replaceAll('"', '""')}"`;
}

/** Any of the terms, as an FTS5 query in which nothing the user typed is syntax. */
function anyOf(terms: readonly string[]): string {
  return terms.map(quoted).join(' OR ');
}

/**
 * BM25 over the FTS5 table of a chunk set.
 *
 * FTS5 scores every row that holds any term, about 2 µs each, so a question full of everyday words costs more than all else
 * together. The terms are therefore split by document frequency: rows must hold one of the rare terms, and the common ones
 * only add to the score of rows that do. Two queries give the exact BM25 of these rows: `rare`, and `rare AND common`, whose
 * score includes the common terms; the higher of a row's two scores is its own.
 */
export class KeywordSearch {
  readonly #labels: Labels;
  readonly #chunkSetId: number;
  readonly #statements: StatementCache;
  readonly #frequency: Statement;
  readonly #budget: number;
  #frequencies: Frequencies = { chunkCount: 0, byTerm: new Map() };

  /** `budget`: how many rows the rare terms may match together. */
  constructor(db: Sqlite, labels: Labels, chunkSetId: number, budget = 6000) {
    this.#statements = new StatementCache(db);
    this.#labels = labels;
    this.#chunkSetId = chunkSetId;
    this.#budget = budget;
    this.#frequency = db.prepare(`SELECT doc FROM ${vocabularyTable(chunkSetId)} WHERE term = ?`).pluck();
  }

  documentFrequencies(terms: readonly string[], chunkCount: number): Map<string, number> {
    const drift = Math.abs(chunkCount - this.#frequencies.chunkCount);
    if (drift > this.#frequencies.chunkCount * frequencyDrift || this.#frequencies.byTerm.size > 20_000) {
      this.#frequencies = { chunkCount, byTerm: new Map() };
    }
    const { byTerm } = this.#frequencies;
    const found = new Map<string, number>();
    for (const term of terms) {
      let frequency = byTerm.get(term);
      if (frequency === undefined) {
        frequency = (this.#frequency.get(term) as number | undefined) ?? 0;
        byTerm.set(term, frequency);
      }
      found.set(term, frequency);
    }
    return found;
  }

  search(
    terms: readonly string[],
    weights: FieldWeights,
    limit: number,
    filter: CandidateFilter,
    chunkCount: number,
  ): Candidate[] {
    const { rare, common } = this.#split(terms, chunkCount);
    if (rare.length === 0) return [];
    const best = new Map<number, number>();
    const collect = (match: string): void => {
      for (const { chunkId, score } of this.#match(match, weights, limit, filter)) {
        if (score > (best.get(chunkId) ?? -Infinity)) best.set(chunkId, score);
      }
    };
    collect(anyOf(rare));
    if (common.length > 0) collect(`(${anyOf(rare)}) AND (${anyOf(common)})`);
    const candidates = [...best].map(([chunkId, score]) => ({ chunkId, score }));
    return candidates.sort((a, b) => b.score - a.score || a.chunkId - b.chunkId).slice(0, limit);
  }

  #split(terms: readonly string[], chunkCount: number): { rare: string[]; common: string[] } {
    const frequencies = [...this.documentFrequencies([...new Set(terms)], chunkCount)].filter(([, n]) => n > 0);
    frequencies.sort((a, b) => a[1] - b[1]);
    const rare: string[] = [];
    const common: string[] = [];
    let rows = 0;
    for (const [term, frequency] of frequencies) {
      rows += frequency;
      (rare.length === 0 || rows <= this.#budget ? rare : common).push(term);
    }
    return { rare, common };
  }

  #match(match: string, weights: FieldWeights, limit: number, filter: CandidateFilter): Candidate[] {
    const table = keywordTable(this.#chunkSetId);
    const condition = conditionOf(filter, this.#labels, {
      language: 'f.language_id',
      scope: 'f.scope_id',
      kind: 'c.kind_id',
      file: 'f.id',
    });
    const joined =
      condition === undefined ? '' : `JOIN chunks c ON c.id = ${table}.rowid JOIN files f ON f.id = c.file_id`;
    const sql = `
      SELECT ${table}.rowid AS chunkId, -bm25(${table}, ?, ?, ?, ?, ?) AS score FROM ${table} ${joined}
      WHERE ${table} MATCH ? ${condition === undefined ? '' : `AND ${condition.sql}`}
      ORDER BY score DESC LIMIT ?`;
    const { path, symbol, signature, doc, body } = weights;
    const parameters = [path, symbol, signature, doc, body, match, ...(condition?.parameters ?? []), limit];
    return this.#statements.get(sql).all(...parameters) as Candidate[];
  }
}
