import type { FieldWeights } from '../store/searchIndex.ts';
import type { QueryKind } from './queryProfile.ts';

/** What speaks for or against a chunk; each has a value in [0, 1] (see `signals.ts`), its weight and sign stand below. */
export const signalNames = [
  'keyword',
  'meaning',
  'breadth',
  'name',
  'definition',
  'signature',
  'doc',
  'path',
  'folder',
  'fileKeyword',
  'fileMeaning',
  'fileBreadth',
  'container',
  'fragment',
  'test',
  'example',
  'generated',
  'vendored',
  'declaration',
  'compatibility',
  'prose',
  'plumbing',
  'data',
  'internal',
  'depth',
  'pathRecall',
  'fileName',
  'fileDoc',
  'headBreadth',
  'breadth2',
  'fileBreadth2',
  'keywordRank',
  'fileRank',
  'fileSize',
  'symbolFit',
  'stemPrecision',
  'ordered',
  'fileHits',
  'fileDefinition',
] as const;
export type SignalName = (typeof signalNames)[number];
export type SignalWeights = Readonly<Record<SignalName, number>>;

export interface RankingWeights {
  readonly fields: Readonly<Record<QueryKind, FieldWeights>>;
  readonly signals: Readonly<Record<QueryKind, SignalWeights>>;
  /** Of "find similar code", where the query is code and files of every role are welcome. */
  readonly similar: SignalWeights;
  /** Each further chunk of a file keeps this share of the score of the one before it. */
  readonly repeatDecay: number;
}

/** How many candidates each source contributes before ranking, and how many are ranked in full. */
export const candidateLimits = { keyword: 400, dense: 200, symbol: 20, ranked: 250 } as const;

const penalties = {
  test: -0.5,
  example: -0.4,
  generated: -0.5,
  vendored: -0.5,
  declaration: -0.3,
  compatibility: -0.2,
  prose: -0.3,
  plumbing: -0.1,
  data:-0.3,internal:0,depth:0,pathRecall:0,fileName:0,fileDoc:0,headBreadth:0,breadth2:0,fileBreadth2:0,keywordRank:0,fileRank:0,fileSize:0,symbolFit:0,stemPrecision:0,ordered:0,fileHits:0,fileDefinition:0,
};

const question: SignalWeights = {
  keyword: 1,
  meaning: 0.8,
  breadth: 0.6,
  name: 0.6,
  definition: 0.5,
  signature: 0.2,
  doc: 0.2,
  path: 0.8,
  folder: 0.2,
  fileKeyword: 0.6,
  fileMeaning: 0.3,
  fileBreadth: 0.5,
  container: 0.1,
  fragment: -0.1,
  ...penalties,
};

const fields: FieldWeights = { path: 2, symbol: 3, signature: 1.5, doc: 1.5, body: 1 };

export const rankingWeights: RankingWeights = {
  fields: { identifier: fields, path: fields, question: fields, error: fields, code: fields },
  signals: {
    question,
    identifier: { ...question, definition: 2 },
    path: { ...question, path: 3, folder: 1 },
    error: question,
    code: question,
  },
  similar: {
    ...question,
    keyword: 0.4,
    meaning: 2,
    breadth: 0.3,
    name: 0.2,
    path: 0,
    folder: 0,
    fileKeyword: 0,
    fileMeaning: 0,
    fileBreadth: 0,
    container: 0,
    signature: 0.2,
    doc: 0,
    definition: 0,
  },
  repeatDecay: 0.5,
};
