import type { FieldWeights } from '../store/searchIndex.ts';
import { fileRoles, type FileRole } from './fileRoles.ts';
import type { QueryKind } from './queryProfile.ts';

/**
 * What speaks for or against a chunk; each has a value in [0, 1] (see `signals.ts` and the README beside it), its weight and
 * sign stand below.
 */
export const signalNames = [
  'keyword',
  'meaning',
  'breadth',
  'name',
  'definition',
  'path',
  'folder',
  'fileKeyword',
  'fileMeaning',
  'fileBreadth',
  'fileChunks',
  'container',
  'fragment',
  'depth',
  ...fileRoles,
] as const;
export type SignalName = (typeof signalNames)[number];
export type SignalWeights = Readonly<Record<SignalName, number>>;

export interface RankingWeights {
  readonly fields: FieldWeights;
  readonly signals: Readonly<Record<QueryKind, SignalWeights>>;
  /** Of semantic search, where the words themselves do not count. */
  readonly semantic: SignalWeights;
  /** Of "find similar code", where the query is code and files of every role are welcome. */
  readonly similar: SignalWeights;
  /** Each further chunk of a file keeps this share of the score that it had. */
  readonly repeatDecay: number;
}

/** How many candidates each source contributes before ranking, and how many are ranked in full. */
export const candidateLimits = { keyword: 400, dense: 200, sameName: 300, symbol: 40, ranked: 250 } as const;

const roles: Readonly<Record<FileRole, number>> = {
  test: -1,
  example: -0.55,
  generated: -0.5,
  vendored: -0.5,
  declaration: -0.3,
  compatibility: -0.1,
  prose: -0.8,
  data: -0.4,
};

const nothing = Object.fromEntries(signalNames.map((name) => [name, 0])) as Record<SignalName, number>;

const question: SignalWeights = {
  keyword: 0.2,
  meaning: 1.25,
  breadth: 0.15,
  name: 0.4,
  definition: 0.4,
  path: 1.2,
  folder: 0.6,
  fileKeyword: 0.85,
  fileMeaning: 0.2,
  fileBreadth: 0.15,
  fileChunks: 0.35,
  container: 0.1,
  fragment: 0.2,
  depth: -0.6,
  ...roles,
};

const identifier: SignalWeights = {
  ...question,
  keyword: 0.9,
  meaning: 0.55,
  breadth: 0.6,
  name: 0.5,
  definition: 1.3,
  folder: 0.15,
  fileKeyword: 0.5,
  fileMeaning: 0.1,
  fileBreadth: 0.5,
  fileChunks: 0.45,
  container: 0,
  fragment: 0.35,
  depth: -0.2,
};

export const rankingWeights: RankingWeights = {
  fields: { path: 2, symbol: 1, signature: 1, doc: 1, body: 1 },
  signals: {
    question,
    identifier,
    path: { ...question, path: 3, folder: 1 },
    error: question,
    // Pasted code brings its identifiers along, which say more than a small model's idea of it.
    code: { ...question, meaning: 0.5, fileMeaning: 0.1 },
  },
  semantic: { ...nothing, ...roles, meaning: 1.5, fileMeaning: 0.5 },
  similar: { ...nothing, keyword: 0.4, meaning: 2, breadth: 0.3, name: 0.2 },
  repeatDecay: 0.4,
};
