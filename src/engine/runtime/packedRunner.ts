import { SextantError } from '../../shared/errors.ts';
import type { ModelFolder } from '../model/modelFolder.ts';
import { operationsPerToken } from '../model/networkCost.ts';
import { workerEntry } from '../paths.ts';
import type { EmbedKind, EmbedOptions } from './encoder.ts';
import type { EncodeDevice, EncodeTarget } from './encodeDevice.ts';
import type { EncodeSettings, Precision } from './encodeWorker.ts';
import type { Matrix } from './ortModel.ts';
import { packedInput } from './packedInput.ts';
import { packByLength, type Batch } from './packing.ts';
import { PriorityQueue } from './priorityQueue.ts';
import type { TokenizedTexts, TokenizeRequest, TokenizeSettings } from './tokenizeWorker.ts';
import { WorkerLink } from './workerLink.ts';

/** Texts tokenised and sorted together: enough for batches of like lengths, little enough to hold. */
const windowTexts = 1024;
/** The same for a device, whose batches are larger and which must not wait at the end of a window. */
const deviceWindowTexts = 8192;
/** Texts of one request to a tokenizing thread; a query waits for one such request at most. */
const tokenizeTexts = 32;
/** Tokens a batch holds for each computing thread: more gain nothing, and fewer do for models that take long over them. */
const tokensPerThread = { least: 128, most: 512 };
/** Work of a batch for each thread: about a third of a second, which is what a query, a pause or the end waits for. */
const batchOperations = 3e10;
const maxSpread = 0.15;
const maxSessions = 4;
/** What the linear layers of all sessions may take together, as float32. */
const sessionsBytes = 96 * 1024 * 1024;

export interface PackedRunnerOptions {
  readonly model: ModelFolder;
  readonly threads: number;
  readonly head: EncodeSettings['head'];
  readonly precision: Precision;
  /** Computes instead of ONNX Runtime's threads; `threads` then tokenise. Taken over and disposed. */
  readonly device?: EncodeDevice;
}

/** What all texts of one call have in common. */
interface Source {
  readonly prefix: string;
  readonly kind: EmbedKind;
  readonly signal: AbortSignal | undefined;
}

export interface PackedRows {
  /** One row a text, in the order given. */
  readonly rows: readonly Float32Array[];
  readonly tokens: number;
}

/**
 * Sessions of their own scale better than threads that share one, which wait for each other at every operation, above
 * all on a busy machine. Each holds the linear layers once more, so big models get one session and all of the threads.
 */
function threadPlan(
  { network }: ModelFolder,
  threads: number,
): { readonly sessions: number; readonly threads: number } {
  let bytes = 0;
  for (const operation of network.operations) {
    if (operation.kind === 'linear') bytes += 4 * operation.inputWidth * operation.outputWidth;
  }
  const sessions = Math.max(1, Math.min(threads, maxSessions, Math.floor(sessionsBytes / bytes)));
  return { sessions, threads: Math.max(1, Math.floor(threads / sessions)) };
}

function threadTokens({ network }: ModelFolder): number {
  const { least, most } = tokensPerThread;
  return Math.round(Math.min(most, Math.max(least, batchOperations / operationsPerToken(network, least))));
}

type TokenizeLink = WorkerLink<TokenizeRequest, TokenizedTexts>;

/** Tokenises and computes in worker threads, in batches of like lengths; queries overtake documents between batches. */
export class PackedRunner {
  readonly #tokenizers: readonly TokenizeLink[];
  readonly #encoders: readonly EncodeTarget[];
  readonly #tokenizing: PriorityQueue<TokenizeLink>;
  readonly #encoding: PriorityQueue<EncodeTarget>;
  readonly #batchTokens: () => number;
  readonly #windowTexts: number;
  readonly #device: EncodeDevice | undefined;
  #disposed = false;

  constructor({ model, threads, head, precision, device }: PackedRunnerOptions) {
    const plan = threadPlan(model, threads);
    const tokensOnCpu = plan.threads * threadTokens(model);
    this.#device = device;
    this.#batchTokens = () => device?.batchTokens ?? tokensOnCpu;
    this.#windowTexts = device === undefined ? windowTexts : deviceWindowTexts;
    const tokenize: TokenizeSettings = { file: model.tokenizerFile, maxTokens: model.maxTokens };
    const encode: EncodeSettings = { folder: model.folder, threads: plan.threads, head, precision };
    this.#tokenizers = Array.from(
      { length: device === undefined ? 1 : threads },
      () => new WorkerLink(workerEntry('tokenizeWorker'), tokenize, 'tokenizer'),
    );
    this.#encoders =
      device?.targets ??
      Array.from({ length: plan.sessions }, () => new WorkerLink(workerEntry('encodeWorker'), encode, 'encoder'));
    this.#tokenizing = new PriorityQueue(this.#tokenizers);
    this.#encoding = new PriorityQueue(this.#encoders);
  }

  /** Opens tokenizer and session, so that what is wrong with them shows now. */
  async load(): Promise<void> {
    const tokenizers = this.#tokenizers.map((link) => link.request({ texts: [], prefix: '' }));
    const encoders = this.#encoders.map((link) => link.request({ kind: 'load' }));
    await Promise.all([...encoders, ...tokenizers]);
  }

  /** Runs the model over texts that have this prefix put in front of them. */
  async run(
    texts: readonly string[],
    prefix: string,
    kind: EmbedKind,
    options: EmbedOptions = {},
  ): Promise<PackedRows> {
    const { signal, onProgress } = options;
    signal?.throwIfAborted();
    const results = new Array<Float32Array>(texts.length);
    const source: Source = { prefix, kind, signal };
    let tokens = 0;
    let done = 0;
    let ahead = this.#tokenizeWindow(texts, 0, source);
    for (let start = 0; start < texts.length; start += this.#windowTexts) {
      const lists = await ahead;
      // The next window is tokenised while this one is encoded.
      ahead = this.#tokenizeWindow(texts, start + this.#windowTexts, source);
      ahead.catch(() => undefined);
      const lengths = lists.map((list) => list.length);
      const batches = packByLength(lengths, {
        tokens: this.#batchTokens(),
        spread: this.#device === undefined ? maxSpread : Infinity,
      });
      await Promise.all(
        batches.map(async (batch) => {
          const rows = await this.#encode(lists, batch, source);
          for (const [row, index] of batch.indices.entries()) results[start + index] = rows[row]!;
          tokens += batch.tokens;
          done += batch.indices.length;
          if (signal?.aborted !== true) onProgress?.(done);
        }),
      );
      signal?.throwIfAborted();
    }
    return { rows: results, tokens };
  }

  async dispose(): Promise<void> {
    if (this.#disposed) return;
    this.#disposed = true;
    const reason = new SextantError('cancelled', 'The encoder was closed.');
    this.#tokenizing.clear(reason);
    this.#encoding.clear(reason);
    await Promise.all([...this.#encoders, ...this.#tokenizers].map((link) => link.dispose()));
  }

  /** Token ids of each text of the window that starts at `start`; nothing past the end. */
  async #tokenizeWindow(texts: readonly string[], start: number, source: Source): Promise<Int32Array[]> {
    const window = texts.slice(start, start + this.#windowTexts);
    const slices: Promise<Int32Array[]>[] = [];
    for (let at = 0; at < window.length; at += tokenizeTexts) {
      slices.push(this.#tokenize(window.slice(at, at + tokenizeTexts), source));
    }
    return (await Promise.all(slices)).flat();
  }

  async #tokenize(texts: readonly string[], { prefix, kind, signal }: Source): Promise<Int32Array[]> {
    const request: TokenizeRequest = { texts, prefix };
    const { ids, lengths } = await this.#tokenizing.run(kind, (link) => link.request(request), signal);
    let offset = 0;
    // A tokenizer without special tokens makes nothing of an empty text; one token stands in, so that it has an embedding.
    return Array.from(lengths, (length) =>
      length === 0 ? new Int32Array(1) : ids.subarray(offset, (offset += length)),
    );
  }

  async #encode(lists: readonly Int32Array[], batch: Batch, { kind, signal }: Source): Promise<Float32Array[]> {
    const work = (link: EncodeTarget): Promise<Matrix> => {
      const input = packedInput(lists, batch.indices);
      return link.request({ kind: 'encode', input }, [
        input.ids.buffer as ArrayBuffer,
        input.cuSeqlens.buffer as ArrayBuffer,
      ]);
    };
    const device = this.#device;
    const { data, rows, columns } =
      device !== undefined && kind === 'query'
        ? await device.urgent({ kind: 'encode', input: packedInput(lists, batch.indices) })
        : await this.#encoding.run(kind, work, signal);
    return Array.from({ length: rows }, (_, row) => data.slice(row * columns, (row + 1) * columns));
  }
}
