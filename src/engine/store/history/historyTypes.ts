import type { ChangeKind } from '../../git/commit.ts';
import type { HistoryItem, HistoryKind } from '../../../shared/history.ts';
import type { Mood, MoodLabel, MoodSkipReason } from '../../../shared/sentiment.ts';

export type SourceKind = 'git' | 'forge' | 'file';

export interface HistorySource {
  readonly id: number;
  readonly kind: SourceKind;
  readonly name: string;
  /** JSON as its reader wrote it; `{}` for a new one. */
  readonly state: string;
}

/** An item as its source gives it. Text beyond what anybody reads is cut by the reader. */
export interface NewHistoryItem {
  readonly kind: HistoryKind;
  readonly key: string;
  readonly authorName: string;
  readonly authorEmail: string;
  /** Unix seconds. */
  readonly at: number;
  readonly merge: boolean;
  readonly title: string;
  readonly body: string;
  readonly url?: string;
  readonly labels?: readonly string[];
  /** Paths relative to the root. */
  readonly files: readonly { readonly path: string; readonly kind: ChangeKind }[];
}

/** Text that waits for a mood or an embedding. */
export interface PendingText {
  readonly contentHash: Buffer;
  readonly kind: HistoryKind;
  /** 1 for a commit with several parents. */
  readonly merge: number;
  readonly author: string;
  readonly title: string;
  readonly body: string;
}

export interface NewMood {
  readonly contentHash: Buffer;
  readonly mood: Mood;
}

export interface NewVector {
  readonly contentHash: Buffer;
  /** L2-normalised, `[dimension]`. */
  readonly vector: Float32Array;
}

/** What the mood of a project is counted from: one row an item, without its text. */
export interface MoodRow {
  readonly id: number;
  readonly kind: HistoryKind;
  readonly at: number;
  readonly authorId: number;
  readonly sourceId: number;
  /** Null while it is not classified. */
  readonly label: MoodLabel | null;
  readonly negative: number | null;
  readonly positive: number | null;
  readonly skipped: MoodSkipReason | null;
}

export interface HistoryCandidate {
  readonly id: number;
  /** Higher is better: BM25 (sign turned) for keywords, cosine for dense. */
  readonly score: number;
}

export interface HistoryCounts {
  readonly items: number;
  readonly commits: number;
}

/** Narrows a search: only items of these kinds, and of this list where it is given. */
export interface HistoryFilter {
  readonly kinds?: readonly HistoryKind[];
  readonly ids?: ReadonlySet<number>;
}

/** The reading side of one root's history. Synchronous, as better-sqlite3 is. */
export interface HistoryReader {
  sources(): HistorySource[];
  counts(): HistoryCounts;
  keysOf(sourceId: number): string[];
  /** In the order asked for, with the moods of this classifier; ids that are gone are left out. */
  items(ids: readonly number[], classifier: string | undefined): HistoryItem[];
  /** Ids of the items whose text this classifier has not seen, the newest first. */
  withoutMood(classifier: string, kinds: readonly HistoryKind[]): number[];
  /** Ids of the items that have no vector of this model, the newest first. */
  withoutVector(modelFingerprint: string): number[];
  /** Texts of these items, each once; ids that are gone are left out. */
  texts(ids: readonly number[]): PendingText[];
  /** How many items have a mood of this classifier. */
  classified(classifier: string, kinds: readonly HistoryKind[]): number;
  embedded(modelFingerprint: string): number;
  /** Rows in the order of their ids, after `afterId`. */
  moodRows(classifier: string, afterId: number, limit: number): MoodRow[];
  /** Changed files of the items with ids in `(afterId, lastId]`. */
  fileRows(afterId: number, lastId: number): { readonly id: number; readonly pathId: number }[];
  paths(): Map<number, string>;
  authors(): Map<number, string>;
  /** Labels of issues, the most used first. */
  labels(): string[];
  /** Ids of the items that carry any of these labels. */
  itemsLabelled(labels: readonly string[]): Set<number>;
  /** Ids of the items that touch any of these paths. */
  itemsTouching(pathIds: readonly number[]): Set<number>;
  keyword(terms: readonly string[], limit: number, filter: HistoryFilter): HistoryCandidate[];
  dense(modelFingerprint: string, vector: Float32Array, limit: number, filter: HistoryFilter): HistoryCandidate[];
  /** Items whose key starts so; for object names cut short and numbers of issues. */
  byKey(prefix: string, limit: number): number[];
}

/** The writing side; every call belongs to the transaction around it. */
export interface HistoryWriter extends HistoryReader {
  /** The source of this name, made when there is none. */
  source(kind: SourceKind, name: string): HistorySource;
  setState(sourceId: number, state: string): void;
  /** Adds items, and replaces those of the same key whose content differs; returns how many were written. */
  put(sourceId: number, items: readonly NewHistoryItem[]): number;
  remove(sourceId: number, keys: readonly string[]): number;
  /** Drops the oldest items of a source until `most` are left; returns how many went. */
  trim(sourceId: number, most: number): number;
  removeSource(sourceId: number): void;
  storeMoods(classifier: string, moods: readonly NewMood[]): void;
  /** @throws SextantError `model_invalid` for vectors that cannot be stored, `model_mismatch` for another dimension. */
  storeVectors(model: { fingerprint: string; name: string; dimension: number }, vectors: readonly NewVector[]): void;
  /** Gives items whose text was embedded before their row in the scan; returns how many. */
  linkVectors(modelFingerprint: string): number;
  /** Forgets vectors of other models and moods of other classifiers. */
  keepOnly(keep: { readonly model?: string; readonly classifier?: string }): void;
}
