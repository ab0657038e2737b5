import { SextantError } from '../../shared/errors.ts';
import type { Chunk } from '../chunk/chunk.ts';
import type { Encoder } from '../runtime/encoder.ts';
import type { Generation } from '../store/catalog.ts';
import { isFreeOfSecrets } from '../secrets/scanSecrets.ts';
import { withheldAmong } from '../secrets/secretGuard.ts';
import type { NewEmbedding, PendingChunk } from '../store/embeddingWriter.ts';
import type { RootStore } from '../store/rootStore.ts';
import { isStorable } from '../store/vectorCodec.ts';
import { keyOf, type EmbedQueue } from './embedQueue.ts';
import { bodyHashOf, textHashOf } from './analyseFile.ts';
import { Throughput } from './throughput.ts';

/** A batch should take about this long: short enough to be lost or waited for, long enough to keep the encoder busy. */
const batchMs = 400;
const smallestBatch = 8;
const largestBatch = 1024;
const charactersPerChunk = 2000;
/** While one batch is encoded the next is read and the last is written. */
const batchesAtOnce = 2;
/** After so many texts in a row that fail on their own it is the encoder that is broken. */
const failuresInARow = 3;
/** The encoder cannot be reached: smaller batches would fail the same way. */
const lineCodes: ReadonlySet<string> = new Set(['network', 'access_denied', 'rate_limited', 'not_found']);

export interface EmbedderOptions {
  readonly store: RootStore;
  readonly queue: EmbedQueue;
  readonly embeddingText: (path: string, chunk: Chunk) => string;
  /** Called after every batch, with a file of it. */
  readonly onBatch: (path: string) => void;
  /** Files whose chunks no longer give the text that was hashed: they must be chunked again. */
  readonly onStale: (paths: readonly string[]) => void;
}

interface BatchItem extends PendingChunk {
  readonly bodyHash: Uint8Array;
}

interface Batch {
  readonly items: readonly BatchItem[];
  readonly texts: readonly string[];
}

/** Takes texts from the queue, encodes them and writes the embeddings, batch by batch. */
export class Embedder {
  readonly throughput = new Throughput();
  /** Texts that cannot be embedded, by {@link keyOf}; not tried again in this session. */
  readonly failed = new Set<string>();
  /** Those of them that an encoder elsewhere would have got, but that look like secrets. */
  readonly withheld = new Set<string>();
  /** Texts and tokens encoded so far, and chunks that became searchable by it. */
  embedded = 0;
  tokens = 0;
  linked = 0;
  readonly #options: EmbedderOptions;
  /** Encoded, but the disk was full: written before anything else is encoded. */
  #unsaved: { readonly generationId: number; readonly embeddings: readonly NewEmbedding[] }[] = [];
  #batchSize = 32;
  #failuresInARow = 0;
  #lastEnd = 0;

  constructor(options: EmbedderOptions) {
    this.#options = options;
  }

  /** What one encoder cannot embed, or must not see, another may. */
  forgetFailures(): void {
    this.failed.clear();
    this.withheld.clear();
  }

  /**
   * Embeds until the queue is empty. What was in flight when it fails or is cancelled is put back.
   * @throws SextantError of the encoder when it is broken, of the store when it cannot be written.
   */
  async run(encoder: Encoder, generation: Generation, signal: AbortSignal): Promise<void> {
    this.#saveUnsaved(generation);
    const stop = new AbortController();
    const either = AbortSignal.any([signal, stop.signal]);
    this.#lastEnd = performance.now();
    const work = async (): Promise<void> => {
      try {
        while (await this.#step(encoder, generation, either));
      } catch (error) {
        stop.abort(error);
        throw error;
      }
    };
    const results = await Promise.allSettled(Array.from({ length: batchesAtOnce }, work));
    signal.throwIfAborted();
    for (const result of results) if (result.status === 'rejected') throw stop.signal.reason ?? result.reason;
  }

  async #step(encoder: Encoder, generation: Generation, signal: AbortSignal): Promise<boolean> {
    signal.throwIfAborted();
    const taken = this.#options.queue.take(this.#batchSize, this.#batchSize * charactersPerChunk);
    if (taken.length === 0) return false;
    try {
      const batch = this.#read(taken, encoder.sentTo !== undefined);
      if (batch.items.length > 0) await this.#embed(encoder, generation, batch, signal);
      this.#options.queue.settle(taken);
      return true;
    } catch (error) {
      this.#options.queue.settle(taken);
      const kept = new Set(this.#unsaved.flatMap(({ embeddings }) => embeddings.map(({ textHash }) => textHash)));
      this.#options.queue.add(taken.filter(({ textHash }) => !kept.has(textHash)));
      throw error;
    }
  }

  /** The texts of the chunks; those that are gone, no longer what was hashed, or not to leave this machine are left out. */
  #read(taken: readonly PendingChunk[], leaves: boolean): Batch {
    const ids = taken.map(({ chunkId }) => chunkId);
    const stored = this.#options.store.read((reader) => reader.chunked(ids));
    const secret = leaves ? this.#options.store.read((reader) => withheldAmong(reader, ids)) : undefined;
    const items: BatchItem[] = [];
    const texts: string[] = [];
    const stale = new Set<string>();
    for (const item of taken) {
      const found = stored.get(item.chunkId);
      if (found === undefined || this.failed.has(keyOf(item.textHash))) continue;
      const text = this.#options.embeddingText(found.path, found.chunk);
      if (!textHashOf(text).equals(item.textHash)) {
        stale.add(found.path);
        continue;
      }
      if (secret !== undefined && (secret.has(item.chunkId) || !isFreeOfSecrets(text))) {
        this.#withhold(item);
        continue;
      }
      items.push({ ...item, bodyHash: bodyHashOf(found.chunk) });
      texts.push(text);
    }
    if (stale.size > 0) this.#options.onStale([...stale]);
    return { items, texts };
  }

  #withhold({ textHash }: PendingChunk): void {
    const key = keyOf(textHash);
    this.failed.add(key);
    this.withheld.add(key);
  }

  async #embed(encoder: Encoder, generation: Generation, batch: Batch, signal: AbortSignal): Promise<void> {
    const start = performance.now();
    const encoded = await this.#encode(encoder, generation, batch, signal);
    if (encoded === undefined) return;
    const embeddings = batch.items.map(({ textHash, bodyHash }, i) => ({
      textHash,
      bodyHash,
      vector: encoded.embeddings[i]!,
    }));
    this.#unsaved.push({ generationId: generation.id, embeddings });
    this.#saveUnsaved(generation);
    const end = performance.now();
    this.embedded += batch.items.length;
    this.tokens += encoded.tokens;
    const characters = batch.items.reduce((sum, item) => sum + item.characters, 0);
    this.throughput.add(encoded.tokens, characters, end - this.#lastEnd);
    this.#lastEnd = end;
    this.#adapt(batch.items.length, end - start);
    this.#options.onBatch(batch.items[0]!.path);
  }

  #saveUnsaved(generation: Generation): void {
    for (let next = this.#unsaved[0]; next !== undefined; next = this.#unsaved[0]) {
      if (next.generationId === generation.id) {
        this.linked += this.#options.store.storeEmbeddings(generation, next.embeddings);
      }
      this.#unsaved.shift();
    }
  }

  /** Undefined when the batch was embedded in parts because of a text in it that fails. */
  async #encode(encoder: Encoder, generation: Generation, batch: Batch, signal: AbortSignal) {
    try {
      const encoded = await encoder.embed(batch.texts, 'document', { signal });
      for (const i of batch.items.keys()) this.#check(encoded.embeddings[i], generation.dimension);
      this.#failuresInARow = 0;
      return encoded;
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof SextantError && lineCodes.has(error.code)) throw error;
      if (batch.items.length === 1) {
        this.#failuresInARow += 1;
        if (this.#failuresInARow >= failuresInARow) throw error;
        this.failed.add(keyOf(batch.items[0]!.textHash));
        return undefined;
      }
      const middle = Math.ceil(batch.items.length / 2);
      for (const [from, to] of [
        [0, middle],
        [middle, batch.items.length],
      ] as const) {
        const part = { items: batch.items.slice(from, to), texts: batch.texts.slice(from, to) };
        await this.#embed(encoder, generation, part, signal);
      }
      return undefined;
    }
  }

  #check(vector: Float32Array | undefined, dimension: number): void {
    if (vector !== undefined && isStorable(vector, dimension)) return;
    throw new SextantError('model_invalid', 'The model returned an embedding that cannot be stored.', {
      hint: `Expected ${dimension} finite numbers of length one, got ${vector?.length ?? 0} numbers.`,
    });
  }

  #adapt(size: number, ms: number): void {
    if (size < this.#batchSize / 2) return;
    const wanted = this.#batchSize * Math.min(2, Math.max(0.5, (batchMs * batchesAtOnce) / Math.max(1, ms)));
    this.#batchSize = Math.round(Math.min(largestBatch, Math.max(smallestBatch, wanted)));
  }
}
