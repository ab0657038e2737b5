import { codeTokens } from '../text/codeTokens.ts';
import { memo } from '../text/memo.ts';
import type { ChunkHead } from '../store/searchIndex.ts';
import { rolesOf, type FileRole } from './fileRoles.ts';
import { FileNumbers } from './fileNumbers.ts';
import type { RankCandidate } from './gatherCandidates.ts';
import type { QueryProfile } from './queryProfile.ts';
import type { SignalName } from './rankingWeights.ts';
import { nameWords, TermWeights, type NameWords } from './termWeights.ts';

/** Value of each signal, in [0, 1]. */
export type Signals = Readonly<Record<SignalName, number>>;

export interface SignalContext {
  readonly profile: QueryProfile;
  /** Inverse document frequency of a term of the query. */
  readonly idf: (term: string) => number;
}

export interface SignalledCandidate {
  readonly candidate: RankCandidate;
  /** Number of its file, the same for all of its chunks, in whichever layer of the root. */
  readonly file: number;
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
/** How much a file's best chunks count, by halves: four say nearly all there is to say. */
const coherentShares = [1, 0.5, 0.25, 0.125] as const;
const coherentTotal = 1.875;
/** From so many candidates of one file on, more say nothing. */
const manyChunks = 32;
/** Folders down to which depth is counted. */
const deepest = 8;

/** What the sources say about a chunk. */
interface Evidence {
  readonly candidate: RankCandidate;
  readonly keyword: number;
  readonly meaning: number;
}

type FileSignals = Pick<
  Signals,
  'path' | 'folder' | 'fileKeyword' | 'fileMeaning' | 'fileBreadth' | 'fileChunks' | 'depth' | FileRole
>;

/** Mean of the best few values of a file's chunks, each counting half of the one before; missing ones count as 0. */
function coherence(chunks: readonly Evidence[], of: 'keyword' | 'meaning'): number {
  if (chunks.length === 1) return chunks[0]![of] / coherentTotal;
  const values = chunks.map((chunk) => chunk[of]).sort((left, right) => right - left);
  let sum = 0;
  for (const [rank, share] of coherentShares.entries()) sum += share * (values[rank] ?? 0);
  return sum / coherentTotal;
}

/** Places of the query's terms that any of the chunks holds. */
function termsIn(chunks: readonly Evidence[]): Iterable<number> {
  if (chunks.length === 1) return chunks[0]!.candidate.terms;
  return new Set(chunks.flatMap(({ candidate }) => candidate.terms));
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
  /** Of the file's name, or of its folder's where the file's own says nothing. */
  readonly name: NameWords;
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
  return { name: nameWords(name), folders: [...new Set(codeTokens(segments.join(' ')))], depth };
});

function fileSignals(chunks: readonly Evidence[], weights: TermWeights, wants: ReadonlySet<FileRole>): FileSignals {
  const { head } = chunks[0]!.candidate;
  const roles = rolesOf(head);
  const counts = (role: FileRole) => (roles.includes(role) && !wants.has(role) ? 1 : 0);
  const { name, folders, depth } = wordsOfPath(head.path);
  return {
    path: weights.fit(name),
    folder: weights.share(folders),
    fileKeyword: coherence(chunks, 'keyword'),
    fileMeaning: coherence(chunks, 'meaning'),
    fileBreadth: weights.shareAt(termsIn(chunks)),
    fileChunks: Math.min(1, Math.log2(chunks.length) / Math.log2(manyChunks)),
    depth: Math.min(1, depth / deepest),
    test: counts('test'),
    example: counts('example'),
    generated: counts('generated'),
    vendored: counts('vendored'),
    declaration: counts('declaration'),
    compatibility: counts('compatibility'),
    prose: counts('prose'),
    data: counts('data'),
  };
}

interface ChunkContext {
  readonly weights: TermWeights;
  /** False where the query asks for tests. */
  readonly testsSink: boolean;
}

/** One literal for all: objects of one shape are read many times faster than those put together from what happens to be there. */
function chunkSignals({ candidate, keyword, meaning }: Evidence, file: FileSignals, context: ChunkContext): Signals {
  const { head, terms, exactName } = candidate;
  return {
    ...file,
    keyword,
    meaning,
    breadth: context.weights.shareAt(terms),
    name: context.weights.fit(nameWords(head.name)),
    definition: head.definition ? exactName : exactName / 2,
    container: head.definition && containerKinds.has(head.kind) ? 1 : 0,
    fragment: !head.definition && head.kind !== 'section' ? 1 : 0,
    test: context.testsSink && isTestCode(head) ? 1 : file.test,
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
  const ofFile: Evidence[][] = [];
  const evidence = candidates.map((candidate) => {
    const file = numbers.of(candidate);
    const item = { candidate, file, keyword: candidate.bm25 / bestBm25, meaning: meaning(candidate.cosine) };
    (ofFile[file] ??= []).push(item);
    return item;
  });
  const files = ofFile.map((chunks) => fileSignals(chunks, weights, profile.wants));
  const chunkContext = { weights, testsSink: !profile.wants.has('test') };
  return evidence.map((item) => {
    const { candidate, file } = item;
    return { candidate, file, signals: chunkSignals(item, files[file]!, chunkContext) };
  });
}
