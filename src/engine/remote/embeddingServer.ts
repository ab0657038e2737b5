import { request, type Dispatcher } from 'undici';
import * as z from 'zod/mini';
import { SextantError } from '../../shared/errors.ts';
import type { RemoteSettings } from '../../shared/remote.ts';
import { createDispatcher } from '../net/createDispatcher.ts';
import { version } from '../version.ts';
import { RemoteError, refusalError } from './remoteError.ts';

export interface RemoteTiming {
  readonly connectMs: number;
  readonly stallMs: number;
  /** A whole request, by kind. */
  readonly documentMs: number;
  readonly queryMs: number;
  /** Tries of one request by kind, and the pause before the second; it doubles. */
  readonly documentAttempts: number;
  readonly queryAttempts: number;
  readonly firstDelayMs: number;
  readonly longestDelayMs: number;
}

export const defaultRemoteTiming: RemoteTiming = {
  connectMs: 10_000,
  stallMs: 60_000,
  documentMs: 120_000,
  queryMs: 10_000,
  documentAttempts: 5,
  queryAttempts: 2,
  firstDelayMs: 500,
  longestDelayMs: 20_000,
};

/** 1,024 embeddings of 4,096 numbers in JSON stay below. */
const maxAnswerBytes = 128 * 1024 * 1024;
const modelsSchema = z.object({ data: z.array(z.object({ id: z.string() })) });

/**
 * Base address with `/v1` and without a slash at the end.
 * @throws SextantError `invalid_argument` for what is not an http address, or has a user name in it.
 */
export function remoteBase(address: string): URL {
  const url = URL.parse(address);
  if (url === null || !['http:', 'https:'].includes(url.protocol)) {
    throw new SextantError('invalid_argument', `“${address}” is not the address of an embedding server.`, {
      hint: 'Give one like http://gpu-box:8080/v1.',
    });
  }
  if (url.username !== '' || url.password !== '') {
    throw new SextantError('invalid_argument', 'The address of the embedding server holds a user name or password.', {
      hint: 'Settings are no place for secrets: use “Sextant: Set Embedding Server Key”, or SEXTANT_REMOTE_KEY.',
    });
  }
  url.search = '';
  url.hash = '';
  const path = url.pathname.replace(/\/+$/, '').replace(/\/embeddings$/, '');
  url.pathname = /\/v\d+$/.test(path) ? path : `${path}/v1`;
  return url;
}

/** Milliseconds of a `Retry-After` header: seconds or an HTTP date (RFC 9110, section 10.2.3). */
function retryAfterMs(header: string | undefined): number | undefined {
  if (header === undefined) return undefined;
  if (/^\d{1,6}(?:\.\d+)?$/.test(header.trim())) return Number(header) * 1000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, date - Date.now());
}

/** The HTTP side of an OpenAI-compatible server. Holds sockets, so it is closed after use. */
export class EmbeddingServer {
  readonly base: URL;
  readonly #key: string | undefined;
  readonly #dispatcher: Dispatcher;

  constructor(settings: RemoteSettings, timing: RemoteTiming) {
    this.base = remoteBase(settings.url);
    this.#key = settings.apiKey === undefined || settings.apiKey === '' ? undefined : settings.apiKey;
    this.#dispatcher = createDispatcher(settings.network ?? {}, timing);
  }

  get host(): string {
    return this.base.host;
  }

  /** Body of the answer to `/embeddings`. @throws RemoteError; the signal's reason when cancelled. */
  embeddings(
    question: { readonly model: string; readonly input: readonly string[]; readonly dimensions?: number },
    timeoutMs: number,
    signal: AbortSignal | undefined,
  ): Promise<string> {
    const body = JSON.stringify({ ...question, encoding_format: 'float' });
    return this.#ask('POST', 'embeddings', body, timeoutMs, signal);
  }

  /** Names of the models that the server lists; undefined where it has no such list. */
  async models(timeoutMs: number, signal: AbortSignal | undefined): Promise<string[] | undefined> {
    try {
      const body: unknown = JSON.parse(await this.#ask('GET', 'models', undefined, timeoutMs, signal));
      return modelsSchema.parse(body).data.map(({ id }) => id);
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof RemoteError && error.code !== 'not_found') throw error;
      return undefined;
    }
  }

  async close(): Promise<void> {
    await this.#dispatcher.destroy();
  }

  async #ask(
    method: 'GET' | 'POST',
    path: string,
    body: string | undefined,
    timeoutMs: number,
    signal: AbortSignal | undefined,
  ): Promise<string> {
    const limit = AbortSignal.timeout(timeoutMs);
    const either = signal === undefined ? limit : AbortSignal.any([signal, limit]);
    try {
      const answer = await request(`${this.base.href}/${path}`, {
        method,
        dispatcher: this.#dispatcher,
        headers: {
          'user-agent': `sextant/${version}`,
          accept: 'application/json',
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...(this.#key === undefined ? {} : { authorization: `Bearer ${this.#key}` }),
        },
        ...(body === undefined ? {} : { body }),
        signal: either,
      });
      const text = await readText(answer.body);
      if (answer.statusCode === 200) return text;
      const header = [answer.headers['retry-after']].flat()[0];
      throw refusalError({
        status: answer.statusCode,
        body: text,
        retryAfterMs: retryAfterMs(header),
        host: this.host,
      });
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof SextantError) throw error;
      throw this.#lineError(error, limit.aborted ? timeoutMs : undefined);
    }
  }

  #lineError(cause: unknown, timedOutAfterMs: number | undefined): RemoteError {
    const reason = cause instanceof Error ? ('code' in cause ? String(cause.code) : cause.message) : String(cause);
    const what =
      timedOutAfterMs === undefined
        ? `The embedding server ${this.host} cannot be reached (${reason}).`
        : `The embedding server ${this.host} did not answer within ${timedOutAfterMs / 1000} s.`;
    return new RemoteError('network', what, {
      cause,
      hint: 'Check that it runs, and the proxy. Search by keywords works meanwhile; embedding goes on when it answers.',
      remedy: 'again',
    });
  }
}

async function readText(body: AsyncIterable<Buffer>): Promise<string> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of body) {
    bytes += part.length;
    if (bytes > maxAnswerBytes) throw new Error('the answer is far too long');
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}
