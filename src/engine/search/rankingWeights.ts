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
  test: -0.9,
  example: -0.5,
  generated: -0.5,
  vendored: -0.5,
  declaration: -0.3,
  compatibility: -0.15,
  prose: -0.7,
  data: -0.35,
};

const nothing = Object.fromEntries(signalNames.map((name) => [name, 0])) as Record<SignalName, number>;

const question: SignalWeights = {
  keyword: 0.25,
  meaning: 0.6,
  breadth: 0.1,
  name: 0.45,
  definition: 0.4,
  path: 1.15,
  folder: 0.45,
  fileKeyword: 0.75,
  fileMeaning: 0.25,
  fileBreadth: 0.2,
  fileChunks: 0.4,
  container: 0.15,
  fragment: 0.25,
  depth: -0.55,
  ...roles,
};

const identifier: SignalWeights = {
  ...question,
  keyword: 0.95,
  meaning: 0.7,
  breadth: 0.6,
  definition: 1.5,
  path: 1.1,
  folder: 0.15,
  fileKeyword: 0.55,
  fileBreadth: 0.5,
  fileChunks: 0.3,
  container: 0.05,
  depth: -0.1,
};

export const rankingWeights: RankingWeights = {
  fields: { path: 2, symbol: 1, signature: 1, doc: 1, body: 1 },
  signals: {
    question,
    identifier,
    path: { ...question, path: 3, folder: 1 },
    error: question,
    code: question,
  },
  semantic: { ...nothing, ...roles, meaning: 1.5, fileMeaning: 0.5 },
  similar: { ...nothing, keyword: 0.4, meaning: 2, breadth: 0.3, name: 0.2 },
  repeatDecay: 0.5,
};
