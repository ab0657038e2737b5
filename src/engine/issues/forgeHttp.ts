import { setTimeout as sleep } from 'node:timers/promises';
import { request, type Dispatcher } from 'undici';
import { SextantError } from '../../shared/errors.ts';
import type { NetworkAccess } from '../../shared/network.ts';
import { createDispatcher } from '../net/createDispatcher.ts';

export interface ForgeHttpOptions {
  /** Base address of the API. Nothing is asked of any other origin, whatever a `Link` or a redirect says. */
  readonly api: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly network: NetworkAccess | undefined;
  readonly signal: AbortSignal;
  /** Longest time to wait for a rate limit to end; what takes longer is an error. Default one minute. */
  readonly patienceMs?: number;
}

export interface ForgeAnswer {
  /** True when the forge says that nothing has changed since the ETag. */
  readonly unchanged: boolean;
  readonly body: unknown;
  readonly etag: string | undefined;
  /** Address of the next page. */
  readonly next: string | undefined;
}

const timing = { connectMs: 15_000, stallMs: 60_000 };
const mostRedirects = 3;
const mostTries = 4;
const firstRetryMs = 500;
const mostBytes = 64 * 1024 * 1024;

type Response = Dispatcher.ResponseData;

function header({ headers }: Response, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
}

/**
 * How long the forge wants to be left alone, in ms; undefined where it has not said so. GitHub: `Retry-After` for secondary limits,
 * `X-RateLimit-Reset` once none remain; GitLab: `Retry-After` or `RateLimit-Reset`.
 */
function waitAsked(response: Response, body: string): number | undefined {
  const { statusCode } = response;
  if (statusCode !== 403 && statusCode !== 429) return undefined;
  const after = Number(header(response, 'retry-after'));
  if (after > 0) return after * 1000;
  const remaining = header(response, 'x-ratelimit-remaining') ?? header(response, 'ratelimit-remaining');
  const reset = Number(header(response, 'x-ratelimit-reset') ?? header(response, 'ratelimit-reset'));
  if (remaining === '0' && reset > 0) return Math.max(1000, reset * 1000 - Date.now());
  if (statusCode === 429 || /secondary rate limit/i.test(body)) return 60_000;
  return undefined;
}

/** Asks one forge: pages, ETags, rate limits, and errors in words. */
export class ForgeHttp {
  readonly #options: ForgeHttpOptions;
  readonly #dispatcher: Dispatcher;
  readonly #origin: string;

  constructor(options: ForgeHttpOptions) {
    this.#options = options;
    this.#origin = new URL(options.api).origin;
    this.#dispatcher = createDispatcher(options.network ?? {}, timing);
  }

  async close(): Promise<void> {
    await this.#dispatcher.destroy();
  }

  /**
   * `target`: path below the API's base, or a full address of the same origin.
   * @throws SextantError `forge_offline`, `forge_denied`, `forge_rate_limited`, `not_found`, `forge_failed`; the signal's reason
   * when cancelled.
   */
  async get(target: string, etag?: string): Promise<ForgeAnswer> {
    for (let attempt = 1; ; attempt += 1) {
      const response = await this.#tried(this.#address(target), etag, attempt);
      if (response === undefined) continue;
      if (response.statusCode === 304) {
        await response.body.dump();
        return { unchanged: true, body: undefined, etag, next: undefined };
      }
      const text = await this.#text(response);
      const wait = waitAsked(response, text);
      if (wait !== undefined) await this.#wait(wait, attempt);
      else if (response.statusCode >= 500 && attempt < mostTries) await this.#pause(firstRetryMs * 2 ** attempt);
      else {
        if (response.statusCode !== 200) throw this.#refused(response.statusCode);
        const next = /<([^>]+)>;\s*rel="next"/.exec(header(response, 'link') ?? '')?.[1];
        return { unchanged: false, body: this.#parsed(text), etag: header(response, 'etag'), next };
      }
    }
  }

  #address(target: string): string {
    const url = new URL(target.startsWith('/') ? `${this.#options.api}${target}` : target);
    if (url.origin === this.#origin) return url.href;
    throw new SextantError('forge_failed', `${this.#origin} sent us to ${url.origin}; we did not go.`);
  }

  /** The answer behind redirects; undefined where the line failed and another try is due. */
  async #tried(address: string, etag: string | undefined, attempt: number): Promise<Response | undefined> {
    const { headers, signal } = this.#options;
    let at = address;
    try {
      for (let hop = 0; ; hop += 1) {
        const response = await request(at, {
          dispatcher: this.#dispatcher,
          headers: { 'user-agent': 'sextant', ...headers, ...(etag === undefined ? {} : { 'if-none-match': etag }) },
          signal,
        });
        const location = header(response, 'location');
        if (
          response.statusCode < 301 ||
          response.statusCode > 308 ||
          response.statusCode === 304 ||
          location === undefined
        )
          return response;
        await response.body.dump();
        if (hop === mostRedirects) throw new SextantError('forge_failed', `${this.#origin} redirects without end.`);
        at = this.#address(new URL(location, at).href);
      }
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof SextantError) throw error;
      if (attempt >= mostTries) throw this.#offline(error);
      await this.#pause(firstRetryMs * 2 ** (attempt - 1));
      return undefined;
    }
  }

  async #text(response: Response): Promise<string> {
    const pieces: Buffer[] = [];
    let bytes = 0;
    try {
      for await (const piece of response.body as AsyncIterable<Buffer>) {
        bytes += piece.length;
        if (bytes > mostBytes) throw new SextantError('forge_failed', `An answer of ${this.#origin} is too long.`);
        pieces.push(piece);
      }
    } catch (error) {
      this.#options.signal.throwIfAborted();
      throw error instanceof SextantError ? error : this.#offline(error);
    }
    return Buffer.concat(pieces).toString('utf8');
  }

  #parsed(text: string): unknown {
    try {
      return JSON.parse(text);
    } catch (cause) {
      throw new SextantError('forge_failed', `${this.#origin} did not answer with JSON.`, {
        hint: 'Check the address; a proxy or a sign-in page may stand in between.',
        cause,
      });
    }
  }

  async #wait(ms: number, attempt: number): Promise<void> {
    if (ms <= (this.#options.patienceMs ?? 60_000) && attempt < mostTries) return this.#pause(ms);
    const at = new Date(Date.now() + ms).toISOString().slice(11, 16);
    throw new SextantError('forge_rate_limited', `${this.#origin} allows no more requests until ${at} UTC.`, {
      hint: 'What was fetched so far is kept; the next time goes on from there. Signing in raises the limit.',
    });
  }

  async #pause(ms: number): Promise<void> {
    const { signal } = this.#options;
    await sleep(ms, undefined, { signal }).catch(() => signal.throwIfAborted());
  }

  #offline(cause: unknown): SextantError {
    return new SextantError('forge_offline', `${this.#origin} cannot be reached.`, {
      hint: 'What was fetched before is still there. Check the network and the proxy settings.',
      cause,
    });
  }

  #refused(status: number): SextantError {
    if (status === 401 || status === 403) {
      const signedIn = 'authorization' in this.#options.headers;
      return new SextantError(
        'forge_denied',
        signedIn
          ? `${this.#origin} refuses the token: revoked, expired, or not for this project.`
          : `${this.#origin} wants a sign-in.`,
        { hint: 'Sign in again. What was fetched before is still there.' },
      );
    }
    if (status === 404 || status === 410) {
      return new SextantError(
        'not_found',
        'There is no such project, its issues are off, or the token may not see it.',
      );
    }
    return new SextantError('forge_failed', `${this.#origin} answered ${status}.`);
  }
}
