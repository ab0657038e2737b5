import { request, type Dispatcher } from 'undici';
import { SextantError } from '../../shared/errors.ts';
import type { HubAccess } from '../../shared/models.ts';
import { createDispatcher } from '../net/createDispatcher.ts';
import { version } from '../version.ts';
import { connectionError, HubError, refusalError } from './hubErrors.ts';
import { defaultRetryTiming, type RetryTiming } from './retrying.ts';

const publicHub = 'https://huggingface.co';
const maxRedirects = 8;
const redirects = new Set([301, 302, 303, 307, 308]);
/** Answers of the API are small; a weight file in its place is not read into memory. */
const maxTextBytes = 16 * 1024 * 1024;

export interface HubTiming extends RetryTiming {
  readonly connectMs: number;
  /** Silence, before an answer or in the middle of one, after which the line counts as dead. */
  readonly stallMs: number;
}

export const defaultHubTiming: HubTiming = { ...defaultRetryTiming, connectMs: 15_000, stallMs: 30_000 };

export interface HubResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Dispatcher.ResponseData['body'];
}

export interface HubRequest {
  /** What is asked for, as messages name it. */
  readonly what: string;
  readonly page: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
  /** Statuses that are no failure besides 200. */
  readonly accepted?: readonly number[];
}

/** The line to a hub: proxy, certificates, token, redirects. Holds sockets, so it is closed after use. */
export class HubConnection implements AsyncDisposable {
  readonly endpoint: URL;
  readonly timing: HubTiming;
  readonly #token: string | undefined;
  readonly #dispatcher: Dispatcher;

  /** @throws SextantError `invalid_argument` for an address of hub or proxy that is none. */
  constructor(access: HubAccess, timing: HubTiming = defaultHubTiming) {
    this.endpoint = parseEndpoint(access.endpoint ?? publicHub);
    this.timing = timing;
    this.#token = access.token === '' ? undefined : access.token;
    this.#dispatcher = createDispatcher(access, timing);
  }

  get hasToken(): boolean {
    return this.#token !== undefined;
  }

  /** Absolute address of a path on the hub; an endpoint may have a path of its own. */
  address(path: string): string {
    return `${this.endpoint.origin}${this.endpoint.pathname.replace(/\/$/, '')}/${path}`;
  }

  /**
   * One GET, redirects followed. The token goes to the hub's own origin only, and to no other once it was left.
   * The caller reads the body to its end or destroys it.
   * @throws HubError for every status that is not 200 or accepted, and for failures of the line.
   */
  async get(address: string, asked: HubRequest): Promise<HubResponse> {
    let url = new URL(address);
    let trusted = true;
    for (let hop = 0; hop <= maxRedirects; hop++) {
      trusted &&= url.origin === this.endpoint.origin;
      const response = await this.#once(url, asked, trusted);
      const { location } = response.headers;
      if (!redirects.has(response.status) || location === undefined) return this.#checked(response, asked, trusted);
      await response.body.dump();
      url = redirected(url, location);
    }
    throw new HubError('network', `${asked.what}: the hub redirects in circles.`);
  }

  /** The body of a small answer. */
  async text(address: string, asked: HubRequest): Promise<string> {
    const { body } = await this.get(address, asked);
    const parts: Buffer[] = [];
    let bytes = 0;
    try {
      for await (const part of body as AsyncIterable<Buffer>) {
        bytes += part.length;
        if (bytes > maxTextBytes) throw new HubError('network', `The hub's answer for ${asked.what} is far too long.`);
        parts.push(part);
      }
    } catch (error) {
      throw connectionError(error, this.endpoint.host, asked.signal);
    }
    return Buffer.concat(parts).toString('utf8');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#dispatcher.destroy();
  }

  async #once(url: URL, { headers, signal }: HubRequest, trusted: boolean): Promise<HubResponse> {
    const sent: Record<string, string> = { 'user-agent': `sextant/${version}`, ...headers };
    if (trusted && this.#token !== undefined) sent['authorization'] = `Bearer ${this.#token}`;
    try {
      const answer = await request(url, {
        dispatcher: this.#dispatcher,
        headers: sent,
        ...(signal === undefined ? {} : { signal }),
      });
      const single = Object.entries(answer.headers).map(([name, value]) => [name, [value].flat()[0]] as const);
      return { status: answer.statusCode, headers: Object.fromEntries(single), body: answer.body };
    } catch (error) {
      throw connectionError(error, url.host, signal);
    }
  }

  async #checked(response: HubResponse, asked: HubRequest, trusted: boolean): Promise<HubResponse> {
    const { status, headers, body } = response;
    if (status === 200 || asked.accepted?.includes(status) === true) return response;
    await body.dump().catch(() => undefined);
    const { what, page } = asked;
    throw refusalError({ status, headers, what, page, hasToken: trusted && this.hasToken });
  }
}

function parseEndpoint(text: string): URL {
  const url = URL.parse(text);
  if (url !== null && (url.protocol === 'https:' || url.protocol === 'http:')) return url;
  throw new SextantError('invalid_argument', `“${text}” is not the address of a hub.`, {
    hint: 'Give one like https://huggingface.co in HF_ENDPOINT or the setting sextant.model.hubEndpoint.',
  });
}

function redirected(from: URL, location: string): URL {
  const to = URL.parse(location, from.href);
  if (to === null || !['https:', 'http:'].includes(to.protocol)) {
    throw new HubError('network', `${from.host} redirects to an address that is none.`);
  }
  if (from.protocol === 'https:' && to.protocol === 'http:') {
    throw new HubError('network', `${from.host} redirects to an unencrypted address.`, {
      hint: 'Nothing was fetched from there.',
    });
  }
  return to;
}
