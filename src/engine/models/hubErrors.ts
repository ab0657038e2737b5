import { SextantError, type ErrorCode } from '../../shared/errors.ts';

/** What the hub or the way to it answered; `retryable` ones may go away by themselves. */
export class HubError extends SextantError {
  readonly retryable: boolean;
  /** How long the hub asks to wait, in milliseconds. */
  readonly retryAfterMs: number | undefined;

  constructor(
    code: ErrorCode,
    message: string,
    options: { hint?: string; cause?: unknown; retryable?: boolean; retryAfterMs?: number } = {},
  ) {
    super(code, message, options);
    this.retryable = options.retryable ?? false;
    this.retryAfterMs = options.retryAfterMs;
  }
}

export interface Refusal {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** What was asked for, for the message: `org/name` or `org/name: config.json`. */
  readonly what: string;
  /** The model's page, where terms are accepted. */
  readonly page: string;
  readonly hasToken: boolean;
}

const tokenHint = 'Set a token with “Sextant: Set Hub Token”, or in HF_TOKEN for the command line.';

/** The error that says what an HTTP status of the hub means (`X-Error-Code` says more where the hub sends it). */
export function refusalError(refusal: Refusal): HubError {
  const { status, what } = refusal;
  if (status === 401 || status === 403) return accessError(refusal);
  if (status === 404) {
    const revision = refusal.headers['x-error-code'] === 'RevisionNotFound';
    return new HubError(
      'not_found',
      revision ? `The hub has no such revision of ${what}.` : `The hub has no ${what}.`,
      { hint: 'Check the spelling; a private model needs a token that may read it.' },
    );
  }
  if (status === 429) {
    const retryAfterMs = retryAfter(refusal.headers['retry-after']);
    return new HubError('rate_limited', 'The hub gets too many requests from here.', {
      hint: 'Try again later; with a token the limits are higher.',
      retryable: true,
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    });
  }
  if (status === 407) {
    return new HubError('network', 'The proxy wants a user name and password.', {
      hint: 'Put them into the address of the proxy (http.proxy or HTTPS_PROXY).',
    });
  }
  return new HubError('network', `The hub answered ${status} for ${what}.`, {
    retryable: status >= 500 || status === 408,
    hint: 'Try again later.',
  });
}

function accessError({ status, headers, what, page, hasToken }: Refusal): HubError {
  if (headers['x-error-code'] === 'GatedRepo') {
    return new HubError('access_denied', `${what} is gated: its owners want you to accept their terms first.`, {
      hint: `Open ${page}, accept the terms while signed in, then try again with a token of the same account. ${tokenHint}`,
    });
  }
  if (hasToken) {
    return new HubError('access_denied', `The hub does not let this token read ${what} (${status}).`, {
      hint: `It may have expired or lack the right to read this model. ${tokenHint}`,
    });
  }
  // Without a token the hub does not tell a private repository from one that is not there.
  return new HubError('access_denied', `There is no public ${what}.`, {
    hint: `Check the spelling; if it is private or gated, a token is needed. ${tokenHint}`,
  });
}

/** Milliseconds of a `Retry-After` header: seconds or an HTTP date (RFC 9110, section 10.2.3). */
export function retryAfter(header: string | undefined, now = Date.now()): number | undefined {
  if (header === undefined) return undefined;
  if (/^\d{1,9}$/.test(header.trim())) return Number(header) * 1000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

const certificateCodes = /^(ERR_TLS_|CERT_|SELF_SIGNED|DEPTH_ZERO|UNABLE_TO_(VERIFY|GET)|ERR_SSL)/;
const fileCodes = new Set(['ENOENT', 'EACCES', 'EPERM', 'EROFS', 'EISDIR', 'EMFILE', 'EIO']);

/** What went wrong below HTTP, in our terms; errors that are ours or a cancellation pass as they are. */
export function connectionError(error: unknown, host: string, signal?: AbortSignal): Error {
  signal?.throwIfAborted();
  if (error instanceof SextantError) return error;
  const code = codeOf(error);
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new SextantError('disk_full', 'The disk is full.', { hint: 'Free some space and try again.', cause: error });
  }
  if (fileCodes.has(code)) return error as Error;
  if (certificateCodes.test(code)) {
    return new HubError('network', `The certificate of ${host} is not trusted here (${code}).`, {
      hint: 'If your network inspects TLS, add its certificate to this system’s store, or name it in NODE_EXTRA_CA_CERTS.',
      cause: error,
    });
  }
  const message = error instanceof Error ? error.message : String(error);
  const proxy = /Proxy response \((\d{3})\)/.exec(message)?.[1];
  if (proxy !== undefined) {
    return new HubError('network', `The proxy does not let ${host} through (${proxy}).`, {
      hint: proxy === '407' ? 'It wants a user name and password in its address.' : 'Check http.proxy or HTTPS_PROXY.',
      cause: error,
    });
  }
  const timedOut = code.includes('TIMEOUT');
  return new HubError(
    'network',
    `${host} ${timedOut ? 'does not answer' : 'cannot be reached'} (${code || message}).`,
    {
      hint: 'Check the connection and the proxy; what was downloaded is kept.',
      cause: error,
      retryable: true,
    },
  );
}

/** The innermost code: libraries wrap the socket's error in their own. */
function codeOf(error: unknown): string {
  let code = '';
  for (let current = error; current instanceof Error; current = current.cause) {
    if ('code' in current && typeof current.code === 'string') code = current.code;
  }
  return code;
}
