import { createHash } from 'node:crypto';
import { SextantError } from '../../shared/errors.ts';
import type { RemoteSettings } from '../../shared/remote.ts';
import type { BackendStatus } from '../../shared/status.ts';
import type { EmbedKind, EmbedOptions, Embedded, Encoder } from '../runtime/encoder.ts';
import { isFreeOfSecrets } from '../secrets/scanSecrets.ts';
import { abortableSleep, AdaptiveLimit } from './adaptiveLimit.ts';
import { batchTexts, estimatedTokens } from './batchTexts.ts';
import { defaultRemoteTiming, EmbeddingServer, type RemoteTiming } from './embeddingServer.ts';
import { parseEmbeddings, type RemoteAnswer } from './parseEmbeddings.ts';
import { invalidAnswer, RemoteError } from './remoteError.ts';

const mostTexts = 256;
/** A text that the server finds too long is halved down to this. */
const shortestCut = 400;
/** What is embedded to learn the dimension, and to see whether the server still runs the model that it ran before. */
const probeText = 'function openIndex(path) { return new Index(path); }';
/** Two answers to one text differ by rounding only. */
const sameModelCosine = 0.99;

/** Hex digest over everything of a remote model that Sextant knows: two servers never share embeddings. */
export function remoteFingerprint(
  { base, model, dimension }: { readonly base: URL; readonly model: string; readonly dimension: number },
  { queryPrefix, documentPrefix }: Pick<RemoteSettings, 'queryPrefix' | 'documentPrefix'>,
): string {
  const content = JSON.stringify(['remote', base.href, model, dimension, queryPrefix, documentPrefix]);
  return createHash('sha256').update(content).digest('hex');
}

/** Embeddings from an OpenAI-compatible server. Every text is looked through for secrets once more before it is sent. */
export class RemoteEncoder implements Encoder {
  readonly name: string;
  readonly fingerprint: string;
  readonly dimension: number;
  readonly backend: BackendStatus;
  readonly sentTo: string;
  readonly #server: EmbeddingServer;
  readonly #settings: RemoteSettings;
  readonly #timing: RemoteTiming;
  readonly #model: string;
  readonly #probe: Float32Array;
  readonly #limit: AdaptiveLimit;
  /** Lowered where the server takes fewer texts at once. */
  #texts = mostTexts;
  /** The line was down: what answers now may be another model. */
  #doubtful = false;

  private constructor(
    server: EmbeddingServer,
    settings: RemoteSettings,
    timing: RemoteTiming,
    model: string,
    probe: Float32Array,
  ) {
    this.#server = server;
    this.#settings = settings;
    this.#timing = timing;
    this.#model = model;
    this.#probe = probe;
    this.#limit = new AdaptiveLimit(settings.concurrency);
    this.name = model;
    this.dimension = probe.length;
    this.sentTo = server.host;
    this.backend = { name: 'remote', reason: `Embedding server ${server.host}.` };
    this.fingerprint = remoteFingerprint({ base: server.base, model, dimension: probe.length }, settings);
  }

  /**
   * Asks the server for its model and dimension.
   * @throws SextantError `network`, `access_denied`, `rate_limited`, `not_found` or `model_invalid`; the signal's reason when aborted.
   */
  static async connect(
    settings: RemoteSettings,
    { signal, timing = defaultRemoteTiming }: { readonly signal?: AbortSignal; readonly timing?: RemoteTiming } = {},
  ): Promise<RemoteEncoder> {
    const server = new EmbeddingServer(settings, timing);
    try {
      const model = settings.model === '' ? await onlyModel(server, timing, signal) : settings.model;
      const probe = await probeOf(server, settings, model, timing, signal);
      return new RemoteEncoder(server, settings, timing, model, probe);
    } catch (error) {
      await server.close();
      throw error;
    }
  }

  async embed(texts: readonly string[], kind: EmbedKind, { signal, onProgress }: EmbedOptions = {}): Promise<Embedded> {
    signal?.throwIfAborted();
    for (const text of texts) {
      if (!isFreeOfSecrets(text)) throw withheldError(kind);
    }
    const prefix = kind === 'query' ? this.#settings.queryPrefix : this.#settings.documentPrefix;
    const prefixed = texts.map((text) => prefix + text);
    const embeddings = new Array<Float32Array>(texts.length);
    const stop = new AbortController();
    const either = signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal]);
    let done = 0;
    let tokens = 0;
    const batches = batchTexts(prefixed, { tokens: this.#settings.batchTokens, texts: this.#texts });
    const work = batches.map(async (places) => {
      const batch = places.map((place) => prefixed[place]!);
      const answer = await this.#embedBatch(batch, kind, either);
      for (const [i, place] of places.entries()) embeddings[place] = answer.embeddings[i]!;
      tokens += answer.tokens ?? batch.reduce((sum, text) => sum + estimatedTokens(text), 0);
      onProgress?.((done += places.length));
    });
    try {
      await Promise.all(work);
    } catch (error) {
      stop.abort(error);
      await Promise.allSettled(work);
      signal?.throwIfAborted();
      throw error;
    }
    return { embeddings, tokens };
  }

  async dispose(): Promise<void> {
    await this.#server.close();
  }

  /** Splits what the server finds too much, down to single texts, which are cut. */
  async #embedBatch(texts: readonly string[], kind: EmbedKind, signal: AbortSignal): Promise<RemoteAnswer> {
    try {
      return await this.#persist(texts, kind, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof RemoteError) || error.remedy !== 'smaller') throw error;
      if (texts.length === 1) {
        const [text] = texts as [string];
        if (text.length <= shortestCut) throw error;
        return this.#embedBatch([text.slice(0, Math.max(shortestCut, text.length >> 1)).toWellFormed()], kind, signal);
      }
      const middle = Math.ceil(texts.length / 2);
      const halves = [texts.slice(0, middle), texts.slice(middle)];
      const answers: RemoteAnswer[] = [];
      for (const half of halves) answers.push(await this.#embedBatch(half, kind, signal));
      // Refused for their number rather than for one of them.
      this.#texts = Math.max(1, Math.min(this.#texts, middle));
      return joined(answers);
    }
  }

  /** Tries again what may pass by itself, with pauses that double, up to half of each drawn by lot. */
  async #persist(texts: readonly string[], kind: EmbedKind, signal: AbortSignal): Promise<RemoteAnswer> {
    const { documentAttempts, queryAttempts, firstDelayMs, longestDelayMs } = this.#timing;
    const attempts = kind === 'query' ? queryAttempts : documentAttempts;
    for (let attempt = 1; ; attempt += 1) {
      try {
        // A query does not wait behind documents.
        if (kind === 'query') return await this.#once(texts, kind, signal);
        return await this.#limit.run(() => this.#once(texts, kind, signal), signal);
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof RemoteError) || error.remedy !== 'again') throw error;
        const most = error.code === 'model_invalid' ? Math.min(2, attempts) : attempts;
        const backOff = Math.min(longestDelayMs, firstDelayMs * 2 ** (attempt - 1)) * (0.5 + Math.random() / 2);
        const asked = error.overload?.retryAfterMs;
        const delay = Math.min(longestDelayMs * 3, Math.max(asked ?? 0, backOff));
        if (error.code !== 'model_invalid') this.#limit.overloaded(error.overload === undefined ? 0 : delay);
        if (error.code === 'network') this.#doubtful = true;
        if (attempt >= most) throw error;
        await abortableSleep(delay, signal);
      }
    }
  }

  async #once(texts: readonly string[], kind: EmbedKind, signal: AbortSignal): Promise<RemoteAnswer> {
    const timeoutMs = kind === 'query' ? this.#timing.queryMs : this.#timing.documentMs;
    if (this.#doubtful) await this.#verify(timeoutMs, signal);
    const answer = await this.#answer(texts, timeoutMs, signal);
    this.#limit.succeeded();
    return answer;
  }

  async #answer(texts: readonly string[], timeoutMs: number, signal: AbortSignal): Promise<RemoteAnswer> {
    const body = await this.#server.embeddings(questionOf(this.#settings, this.#model, texts), timeoutMs, signal);
    return parseEmbeddings(body, { host: this.#server.host, texts: texts.length, dimension: this.dimension });
  }

  /** A server that was restarted may run another model under the same name; its vectors must not mix with those stored. */
  async #verify(timeoutMs: number, signal: AbortSignal): Promise<void> {
    const { embeddings } = await this.#answer([this.#settings.documentPrefix + probeText], timeoutMs, signal);
    let cosine = 0;
    for (const [i, value] of embeddings[0]!.entries()) cosine += value * this.#probe[i]!;
    if (cosine < sameModelCosine) throw invalidAnswer(this.#server.host, 'the embeddings of another model than before');
    this.#doubtful = false;
  }
}

function questionOf({ dimensions }: RemoteSettings, model: string, input: readonly string[]) {
  return { model, input, ...(dimensions === 0 ? {} : { dimensions }) };
}

/** Tried twice, for a server may be busy or just coming up. */
async function probeOf(
  server: EmbeddingServer,
  settings: RemoteSettings,
  model: string,
  { queryMs, firstDelayMs }: RemoteTiming,
  signal: AbortSignal | undefined,
): Promise<Float32Array> {
  const dimension = settings.dimensions === 0 ? undefined : settings.dimensions;
  const question = questionOf(settings, model, [settings.documentPrefix + probeText]);
  const ask = async (): Promise<Float32Array> => {
    const body = await server.embeddings(question, queryMs, signal);
    return parseEmbeddings(body, { host: server.host, texts: 1, dimension }).embeddings[0]!;
  };
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof RemoteError) || error.remedy !== 'again') throw error;
    await abortableSleep(Math.max(firstDelayMs, Math.min(queryMs, error.overload?.retryAfterMs ?? 0)), signal);
    return ask();
  }
}

async function onlyModel(server: EmbeddingServer, { queryMs }: RemoteTiming, signal?: AbortSignal): Promise<string> {
  const models = await server.models(queryMs, signal);
  if (models?.length === 1) return models[0]!;
  // text-embeddings-inference serves one model and has no list; it takes any name.
  if (models === undefined) return 'default';
  const known = models.slice(0, 20).join(', ');
  throw new SextantError('model_missing', `${server.host} serves ${models.length} models: say which one embeds.`, {
    hint: `Set sextant.remote.model (--remote-model) to one of: ${known}.`,
  });
}

function joined(answers: readonly RemoteAnswer[]): RemoteAnswer {
  const known = answers.every(({ tokens }) => tokens !== undefined);
  return {
    embeddings: answers.flatMap(({ embeddings }) => embeddings),
    tokens: known ? answers.reduce((sum, { tokens }) => sum + tokens!, 0) : undefined,
    model: answers[0]?.model,
  };
}

function withheldError(kind: EmbedKind): SextantError {
  const what = kind === 'query' ? 'The question' : 'A text';
  return new SextantError('secret_withheld', `${what} looks as if it held a secret and is not sent.`, {
    hint: 'Take the secret out, or search by keywords, which stays on this machine.',
  });
}
