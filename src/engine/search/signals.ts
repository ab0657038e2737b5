import { codeTokens } from '../text/codeTokens.ts';
import type { RankCandidate } from './gatherCandidates.ts';
import { rolesOfPath } from './pathRoles.ts';
import type { QueryProfile } from './queryProfile.ts';
import type { SignalName } from './rankingWeights.ts';
import type { TermScanner } from './termScanner.ts';

export type Signals = Record<SignalName, number>;

export interface SignalContext {
  readonly profile: QueryProfile;
  readonly scanner: TermScanner;
  /** Inverse document frequency of a term of the query. */
  readonly idf: (term: string) => number;
}

export interface SignalledCandidate {
  readonly candidate: RankCandidate;
  readonly signals: Signals;
}

const containerKinds: ReadonlySet<string> = new Set([
  'class',
  'interface',
  'struct',
  'trait',
  'enum',
  'type',
  'module',
]);
/** Stems of files that are named for their role in a package; the folder says what is in them. */
const plumbingStem = /^(?:index|mod|lib|init|__init__|main|__main__|package|prelude|exports?)$/i;

interface PathWords {
  readonly stem: readonly string[];
  readonly folders: readonly string[];
  readonly plumbing: boolean;
}

function pathWords(path: string): PathWords {
  const segments = path.split('/');
  const file = segments.pop()!.replace(/^\.+/, '');
  const stem = file.includes('.') ? file.slice(0, file.indexOf('.')) : file;
  const plumbing = plumbingStem.test(stem);
  const named = plumbing ? (segments.pop() ?? stem) : stem;
  return { stem: codeTokens(named), folders: codeTokens(segments.join(' ')), plumbing };
}

class TermWeights {
  readonly #weights: ReadonlyMap<string, number>;
  readonly #ordered: readonly number[];
  readonly #total: number;

  constructor({ profile, idf }: SignalContext) {
    this.#weights = new Map(profile.terms.map((term) => [term, idf(term)]));
    this.#ordered = [...this.#weights.values()];
    this.#total = this.#ordered.reduce((sum, weight) => sum + weight, 0) || 1;
  }

  /** Share of the query's weight that `indexes` (into the terms) cover. */
  shareOfIndexes(indexes: Iterable<number>): number {
    let sum = 0;
    for (const index of indexes) sum += this.#ordered[index] ?? 0;
    return sum / this.#total;
  }

  /** Share of the query's weight among `terms`. */
  share(terms: readonly string[]): number {
    let sum = 0;
    for (const term of new Set(terms)) sum += this.#weights.get(term) ?? 0;
    return sum / this.#total;
  }

  precision(terms: readonly string[], compounds: ReadonlySet<string>): number {
    const joined = terms.length > 1 ? terms.at(-1)! : undefined;
    if (joined !== undefined && (compounds.has(joined) || this.#weights.has(joined))) return 1;
    const distinct = [...new Set(joined === undefined ? terms : terms.slice(0, -1))];
    return distinct.length === 0 ? 0 : distinct.filter((term) => this.#weights.has(term)).length / distinct.length;
  }

  /** How well a name fits: share of the name's words that the query holds, weighed against what they cover of the query. */
  fit(terms: readonly string[], compounds: ReadonlySet<string>): number {
    const joined = terms.length > 1 ? terms.at(-1)! : undefined;
    const distinct = new Set(joined === undefined ? terms : terms.slice(0, -1));
    if (distinct.size === 0) return 0;
    let matched = 0;
    let weight = 0;
    for (const term of distinct) {
      const found = this.#weights.get(term);
      if (found === undefined) continue;
      matched++;
      weight += found;
    }
    const whole = joined !== undefined && (compounds.has(joined) || this.#weights.has(joined));
    const precision = whole ? 1 : matched / distinct.size;
    const recall = whole && matched === 0 ? (this.#weights.get(joined) ?? 0) / this.#total : weight / this.#total;
    return precision * Math.sqrt(recall);
  }
}

function topSum(values: readonly number[], most: number): number {
  const sorted = values.toSorted((left, right) => right - left).slice(0, 12);
  return most === 0 ? 0 : sorted.reduce((sum, value, rank) => sum + value / Math.sqrt(1 + rank), 0) / (most * 6);
}

function topShare(values: readonly number[], most: number): number {
  const sorted = values.toSorted((left, right) => right - left);
  let sum = 0;
  let norm = 0;
  for (let rank = 0; rank < 4; rank++) {
    const weight = 0.5 ** rank;
    sum += weight * (sorted[rank] ?? 0);
    norm += weight;
  }
  return most === 0 ? 0 : sum / (norm * most);
}

/** Scales cosines so that the weakest candidate is 0 and the best 1; embeddings leave no natural zero. */
function meaningScale(candidates: readonly RankCandidate[]): (cosine: number | undefined) => number {
  const known = candidates.flatMap(({ cosine }) => cosine ?? []);
  const best = Math.max(...known);
  const worst = Math.min(...known);
  return (cosine) => (cosine === undefined || best <= worst ? 0 : (cosine - worst) / (best - worst));
}

const dataLanguages: ReadonlySet<string> = new Set(['json', 'jsonc', 'yaml', 'toml', 'xml', 'csv', 'ini', 'properties', 'lock', 'svg', 'plaintext', 'dotenv', 'css', 'scss', 'html']);

interface FileEvidence {
  readonly keyword: number;
  readonly meaning: number;
  readonly breadth: number;
  readonly name: number;
  readonly doc: number;
  readonly rank: number;
  readonly size: number;
  readonly hits: number;
  readonly definition: number;
}

function fileKey({ root, row }: RankCandidate): string {
  return `${root}\n${row.path}`;
}

/** Values of all signals for each candidate; the order is kept. */
export function signalsOf(candidates: readonly RankCandidate[], context: SignalContext): SignalledCandidate[] {
  const weights = new TermWeights(context);
  const compounds = new Set(context.profile.compounds);
  const bestBm25 = Math.max(0, ...candidates.map(({ bm25 }) => bm25));
  const meaning = meaningScale(candidates);
  const scanned = candidates.map(({ row }) => context.scanner.scan(`${row.path}\n${row.symbol}\n${row.text}`).terms);
  const files = Map.groupBy(candidates.keys(), (index) => fileKey(candidates[index]!));
  const evidence = new Map<string, FileEvidence>();
  const fits = candidates.map(({ row }) => weights.fit(codeTokens(row.name), compounds));
  const docs = candidates.map(({ row }) => weights.share(codeTokens(row.doc)));
  const order = [...candidates.keys()].sort((a, b) => candidates[b]!.bm25 - candidates[a]!.bm25);
  const rankOf = new Map(order.map((index, rank) => [index, 1 / (1 + rank / 5)]));
  for (const [key, indexes] of files) {
    const covered = new Set(indexes.flatMap((index) => [...scanned[index]!]));
    evidence.set(key, {
      keyword: topShare(
        indexes.map((index) => candidates[index]!.bm25),
        bestBm25,
      ),
      meaning: topShare(
        indexes.map((index) => meaning(candidates[index]!.cosine)),
        1,
      ),
      breadth: weights.shareOfIndexes(covered),
      name: Math.max(...indexes.map((index) => (candidates[index]!.row.definition ? fits[index]! : 0))),
      doc: Math.max(...indexes.map((index) => docs[index]!)),
      rank: Math.max(...indexes.map((index) => rankOf.get(index)!)),
      size: Math.min(1, Math.log2(indexes.length) / 5),
      hits: topSum(indexes.map((index) => candidates[index]!.bm25), bestBm25),
      definition: Math.max(...indexes.map((index) => candidates[index]!.exactName)),
    });
  }
  return candidates.map((candidate, index) => {
    const { row } = candidate;
    const words = pathWords(row.path);
    const roles = new Set(rolesOfPath(row.path).filter((role) => !context.profile.wants.has(role)));
    const file = evidence.get(fileKey(candidate))!;
    const flag = (value: boolean) => (value ? 1 : 0);
    return {
      candidate,
      signals: {
        keyword: bestBm25 === 0 ? 0 : candidate.bm25 / bestBm25,
        meaning: meaning(candidate.cosine),
        breadth: weights.shareOfIndexes(scanned[index]!),
        name: fits[index]!,
        definition: row.definition ? candidate.exactName : candidate.exactName / 2,
        signature: weights.share(codeTokens(row.signature)),
        doc: docs[index]!,
        path: weights.fit(words.stem, compounds),
        folder: weights.share(words.folders),
        fileKeyword: file.keyword,
        fileMeaning: file.meaning,
        fileBreadth: file.breadth,
        container: flag(row.definition && containerKinds.has(row.kind)),
        fragment: flag(!row.definition && row.kind !== 'section'),
        test: flag(roles.has('test') || (row.kind === 'test' && !context.profile.wants.has('test'))),
        example: flag(roles.has('example')),
        generated: flag(roles.has('generated')),
        vendored: flag(roles.has('vendored')),
        declaration: flag(roles.has('declaration')),
        compatibility: flag(roles.has('compatibility')),
        prose: flag(row.scope === 'docs'),
        plumbing: flag(words.plumbing),
        data: flag(dataLanguages.has(row.language)),
        internal: flag(/(?:^|\/)(?:_[^/]*|internals?|details?|private|impl)(?:\/|$)/i.test(row.path)),
        depth: Math.min(1, row.path.split('/').length / 8),
        pathRecall: weights.share([...words.stem, ...words.folders]),
        fileName: file.name,
        fileDoc: file.doc,
        headBreadth: weights.share(codeTokens(`${row.path} ${row.symbol} ${row.signature} ${row.doc.slice(0, 300)}`)),
        breadth2: weights.shareOfIndexes(scanned[index]!) ** 2,
        fileBreadth2: file.breadth ** 2,
        keywordRank: rankOf.get(index)!,
        fileRank: file.rank,
        fileSize: file.size,
        symbolFit: weights.fit(codeTokens(row.symbol), compounds),
        stemPrecision: weights.precision(words.stem, compounds),
        ordered: 0,
        fileHits: file.hits,
        fileDefinition: file.definition,
      },
    };
  });
}
