import type { Encoder } from '../runtime/encoder.ts';
import { isFreeOfSecrets } from '../secrets/scanSecrets.ts';
import { isStorable } from '../store/vectorCodec.ts';
import type { HistoryStore } from './historyStore.ts';
import { historyEmbeddingText } from './historyText.ts';

/** Texts encoded and written at once; about a second of work on two cores, and what a stop may lose. */
const batchSize = 128;

export interface HistoryWork {
  readonly signal: AbortSignal;
  /** Only the newest so many of what waits; absent: all. */
  readonly newest?: number;
  /** Called after every batch. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** A message that looks as if it held a secret does not leave this machine: words find it still. */
function mayBeSent(text: string, { sentTo }: Encoder): boolean {
  return sentTo === undefined || isFreeOfSecrets(text);
}

/**
 * Embeds every item that has no vector of this model yet, the newest first; what was embedded before is only linked. Vectors of
 * other models go once all are there. Texts that the model cannot embed stay without a vector: words still find them.
 *
 * @throws SextantError of the encoder or the store; the signal's reason when cancelled, with what was done so far kept.
 */
export async function embedHistory(store: HistoryStore, encoder: Encoder, work: HistoryWork): Promise<number> {
  const { signal, onProgress } = work;
  const { fingerprint, name, dimension } = encoder;
  if (store.readHistory((history) => history.withoutVector(fingerprint)).length === 0) return 0;
  store.writeHistory((history) => history.linkVectors(fingerprint));
  const ids = store.readHistory((history) => history.withoutVector(fingerprint));
  for (let start = 0; start < ids.length; start += batchSize) {
    signal.throwIfAborted();
    const waiting = store.readHistory((history) => history.texts(ids.slice(start, start + batchSize)));
    const texts = waiting.filter((text) => mayBeSent(historyEmbeddingText(text), encoder));
    const { embeddings } = await encoder.embed(texts.map(historyEmbeddingText), 'document', { signal });
    const vectors = texts
      .map(({ contentHash }, index) => ({ contentHash, vector: embeddings[index]! }))
      .filter(({ vector }) => isStorable(vector, dimension));
    store.writeHistory((history) => history.storeVectors({ fingerprint, name, dimension }, vectors));
    onProgress?.(Math.min(ids.length, start + batchSize), ids.length);
  }
  store.writeHistory((history) => history.keepOnly({ model: fingerprint }));
  return ids.length;
}
