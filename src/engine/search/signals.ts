import { codeTokens } from '../text/codeTokens.ts';
import { memo } from '../text/memo.ts';
import type { ChunkHead } from '../store/searchIndex.ts';
import { rolesOf, type FileRole } from './fileRoles.ts';
import { FileNumbers } from './fileNumbers.ts';
import type { RankCandidate } from './gatherCandidates.ts';
import type { QueryProfile } from './queryProfile.ts';
import type { SignalName } from './rankingWeights.ts';
import { TermWeights } from './termWeights.ts';

/** Value of each signal, in [0, 1]; what is not there is 0. */
export type Signals = Readonly<Partial<Record<SignalName, number>>>;

export interface SignalContext {
  readonly profile: QueryProfile;
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
/** A file's best chunks count by halves: four say nearly all there is to say. */
const coherentChunks = 4;
/** From so many candidates of one file on, more say nothing. */
const manyChunks = 32;
/** Folders down to which depth is counted. */
const deepest = 8;

interface Evidence {
  readonly candidate: RankCandidate;
  /** See {@link FileNumbers}. */
  readonly file: number;
  readonly keyword: number;
  readonly meaning: number;
}

/** Mean of the best few values, each counting half of the one before; missing ones count as 0. */
function coherence(values: readonly number[]): number {
  const sorted = values.toSorted((left, right) => right - left);
  let sum = 0;
  let norm = 0;
  for (let rank = 0; rank < coherentChunks; rank++) {
    sum += 0.5 ** rank * (sorted[rank] ?? 0);
    norm += 0.5 ** rank;
  }
  return sum / norm;
}

/** Scales cosines so that the weakest candidate is 0 and the best 1; embeddings leave no natural zero. */
function meaningScale(candidates: readonly RankCandidate[]): (cosine: number | undefined) => number {
  const known = candidates.flatMap(({ cosine }) => cosine ?? []);
  const best = Math.max(...known);
  const worst = Math.min(...known);
  return (cosine) => (cosine === undefined || best <= worst ? 0 : (cosine - worst) / (best - worst));
}

/** Names of files that say what part of a package they are; what is in them is said by their folder. */
const packagePart = /^(?:index|mod|lib|init|__init__|main|__main__|package|prelude|exports?)$/i;

/** Paths whose words are remembered. */
const rememberedPaths = 20_000;

interface PathWords {
  /** Of the file, or of its folder where the file's own says nothing. */
  readonly name: string;
  /** Terms of the folders above, each once. */
  readonly folders: readonly string[];
  /** Number of names in the path. */
  readonly depth: number;
}

const wordsOfPath = memo(rememberedPaths, (path): PathWords => {
  const segments = path.split('/');
  const depth = segments.length;
  const file = segments.pop()!.replace(/^\.+/, '');
  const stem = file.includes('.') ? file.slice(0, file.indexOf('.')) : file;
  const name = packagePart.test(stem) ? (segments.pop() ?? stem) : stem;
  return { name, folders: [...new Set(codeTokens(segments.join(' ')))], depth };
});

function fileSignals(chunks: readonly Evidence[], weights: TermWeights, wants: ReadonlySet<FileRole>): Signals {
  const { head } = chunks[0]!.candidate;
  const roles = rolesOf(head);
  const { name, folders, depth } = wordsOfPath(head.path);
  const terms = new Set<number>();
  for (const { candidate } of chunks) for (const place of candidate.terms) terms.add(place);
  const shown = roles.filter((role) => !wants.has(role));
  return {
    path: weights.fit(name),
    folder: weights.share(folders),
    fileKeyword: coherence(chunks.map(({ keyword }) => keyword)),
    fileMeaning: coherence(chunks.map(({ meaning }) => meaning)),
    fileBreadth: weights.shareAt(terms),
    fileChunks: Math.min(1, Math.log2(chunks.length) / Math.log2(manyChunks)),
    depth: Math.min(1, depth / deepest),
    ...Object.fromEntries(shown.map((role) => [role, 1])),
  };
}

function chunkSignals({ candidate, keyword, meaning }: Evidence, weights: TermWeights): Signals {
  const { head, terms, exactName } = candidate;
  return {
    keyword,
    meaning,
    breadth: weights.shareAt(terms),
    name: weights.fit(head.name),
    definition: head.definition ? exactName : exactName / 2,
    container: head.definition && containerKinds.has(head.kind) ? 1 : 0,
    fragment: !head.definition && head.kind !== 'section' ? 1 : 0,
  };
}

/** Tests may also lie in the file that they test, as in Rust or Zig. */
export function isTestCode({ kind, symbol }: ChunkHead): boolean {
  return kind === 'test' || /(?:^|[.:>#/ ])tests?[.:]/.test(symbol);
}

/** Values of all signals for each candidate; the order is kept. */
export function signalsOf(candidates: readonly RankCandidate[], context: SignalContext): SignalledCandidate[] {
  const { profile, idf } = context;
  const weights = new TermWeights(profile.terms, profile.compounds, idf);
  const bestBm25 = Math.max(0, ...candidates.map(({ bm25 }) => bm25)) || 1;
  const meaning = meaningScale(candidates);
  const numbers = new FileNumbers();
  const evidence = candidates.map((candidate): Evidence => ({
    candidate,
    file: numbers.of(candidate),
    keyword: candidate.bm25 / bestBm25,
    meaning: meaning(candidate.cosine),
  }));
  const files = new Map(
    [...Map.groupBy(evidence, ({ file }) => file)].map(([file, chunks]) => [
      file,
      fileSignals(chunks, weights, profile.wants),
    ]),
  );
  return evidence.map((item) => {
    const file = files.get(item.file)!;
    const isTest = isTestCode(item.candidate.head) && !profile.wants.has('test');
    const signals = { ...file, ...chunkSignals(item, weights), ...(isTest && { test: 1 }) };
    return { candidate: item.candidate, signals };
  });
}
