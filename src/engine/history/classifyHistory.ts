import type { HistoryKind } from '../../shared/history.ts';
import type { Mood, MoodKind } from '../../shared/sentiment.ts';
import type { NewMood, PendingText } from '../store/history/historyTypes.ts';
import type { HistoryWork } from './embedHistory.ts';
import type { HistoryStore } from './historyStore.ts';
import { historyMoodText, moodKindOf } from './historyText.ts';

/** What of the classifier is needed here. */
export interface HistoryClassifier {
  readonly fingerprint: string;
  classify(
    texts: readonly string[],
    kind: MoodKind,
    options: { readonly signal?: AbortSignal; readonly authors?: readonly (string | undefined)[] },
  ): Promise<Mood[]>;
}

const batchSize = 256;

/** A merge is the work of git, whatever its message says. */
const mergeMood: Mood = { label: 'neutral', scores: { negative: 0, neutral: 1, positive: 0 }, skipped: 'merge' };

/** Classifies texts of mixed kinds; one mood each, in order. */
export async function moodsOf(
  classifier: HistoryClassifier,
  texts: readonly PendingText[],
  signal: AbortSignal,
): Promise<NewMood[]> {
  const moods = new Map<PendingText, Mood>(texts.filter(({ merge }) => merge === 1).map((text) => [text, mergeMood]));
  for (const [kind, group] of Map.groupBy(
    texts.filter((text) => !moods.has(text)),
    (text) => moodKindOf(text.kind),
  )) {
    const found = await classifier.classify(group.map(historyMoodText), kind, {
      signal,
      authors: group.map(({ author }) => author),
    });
    for (const [index, text] of group.entries()) moods.set(text, found[index]!);
  }
  return texts.map((text) => ({ contentHash: text.contentHash, mood: moods.get(text)! }));
}

/**
 * Gives every item of these kinds its mood, the newest first. Moods of other classifiers go once all are there.
 *
 * @throws SextantError of the classifier or the store; the signal's reason when cancelled, with what was done so far kept.
 */
export async function classifyHistory(
  store: HistoryStore,
  classifier: HistoryClassifier,
  kinds: readonly HistoryKind[],
  { signal, newest, onProgress }: HistoryWork,
): Promise<number> {
  const { fingerprint } = classifier;
  const waiting = store.readHistory((history) => history.withoutMood(fingerprint, kinds));
  const ids = waiting.slice(0, newest);
  for (let start = 0; start < ids.length; start += batchSize) {
    signal.throwIfAborted();
    const texts = store.readHistory((history) => history.texts(ids.slice(start, start + batchSize)));
    const moods = await moodsOf(classifier, texts, signal);
    store.writeHistory((history) => history.storeMoods(fingerprint, moods));
    onProgress?.(Math.min(ids.length, start + batchSize), ids.length);
  }
  if (ids.length > 0 && ids.length === waiting.length)
    store.writeHistory((history) => history.keepOnly({ classifier: fingerprint }));
  return ids.length;
}
