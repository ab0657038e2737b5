import { SextantError, type ErrorCode } from '../../shared/errors.ts';

/** How a request to an embedding server failed, and what that means for the next one. */
export class RemoteError extends SextantError {
  /** `again`: may pass by itself. `smaller`: the same texts in smaller requests may be accepted. `never`: neither. */
  readonly remedy: 'again' | 'smaller' | 'never';
  /** The server says that it has too much to do, and for how long it wants to be left alone. */
  readonly overload: { readonly retryAfterMs: number | undefined } | undefined;

  constructor(
    code: ErrorCode,
    message: string,
    options: {
      readonly hint?: string;
      readonly cause?: unknown;
      readonly remedy: RemoteError['remedy'];
      readonly overload?: RemoteError['overload'];
    },
  ) {
    super(code, message, options);
    this.remedy = options.remedy;
    this.overload = options.overload;
  }
}

const longestDetail = 300;

/** What the server says of its refusal, in one line; the forms of OpenAI, vLLM, llama.cpp, text-embeddings-inference and Ollama. */
function detailOf(body: string): string {
  let text = body;
  try {
    const json = JSON.parse(body) as { error?: unknown; message?: unknown; detail?: unknown } | null;
    const said = json?.error ?? json?.message ?? json?.detail;
    const inner = typeof said === 'object' && said !== null && 'message' in said ? said.message : said;
    if (typeof inner === 'string') text = inner;
  } catch {
    // Not JSON: a proxy's page, or plain words.
  }
  const line = text
    .replaceAll(/<[^>]{0,200}>/g, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim();
  return line.length > longestDetail ? `${line.slice(0, longestDetail)}…` : line;
}

/** Servers that count texts or tokens say so with these; OpenAI's own with 400. */
const tooMuchStatuses = new Set([400, 413, 422]);
const overloadStatuses = new Set([429, 503, 529]);

export interface RemoteRefusal {
  readonly status: number;
  readonly body: string;
  readonly retryAfterMs: number | undefined;
  /** Host of the server, for the message. */
  readonly host: string;
}

/** The error that says what a status of the server means. */
export function refusalError({ status, body, retryAfterMs, host }: RemoteRefusal): RemoteError {
  const detail = detailOf(body);
  const said = detail === '' ? '' : `: ${detail}`;
  if (status === 401 || status === 403) {
    return new RemoteError('access_denied', `${host} does not accept the key (${status})${said}`, {
      hint: 'Set it with “Sextant: Set Embedding Server Key”, or in SEXTANT_REMOTE_KEY for the command line.',
      remedy: 'never',
    });
  }
  if (overloadStatuses.has(status)) {
    return new RemoteError('rate_limited', `${host} has too much to do (${status})${said}`, {
      hint: 'Sextant goes on when it answers again.',
      remedy: 'again',
      overload: { retryAfterMs },
    });
  }
  if (tooMuchStatuses.has(status)) {
    return new RemoteError('invalid_argument', `${host} refuses the texts (${status})${said}`, { remedy: 'smaller' });
  }
  if (status === 404) {
    return new RemoteError('not_found', `${host} knows no such model or address (404)${said}`, {
      hint: 'Check sextant.remote.url (its /v1/embeddings is asked) and sextant.remote.model.',
      remedy: 'never',
    });
  }
  if (status >= 300 && status < 400) {
    return new RemoteError('network', `${host} redirects to another address, and texts are not sent there.`, {
      hint: 'If you trust it, put that address into sextant.remote.url.',
      remedy: 'never',
    });
  }
  return new RemoteError('network', `${host} answered ${status}${said}`, {
    remedy: status >= 500 || status === 408 || status === 425 ? 'again' : 'never',
    hint: 'See the log of the embedding server.',
  });
}

/** An answer that cannot be right; nothing of it is used. */
export function invalidAnswer(host: string, what: string): RemoteError {
  return new RemoteError('model_invalid', `${host} answered with ${what}.`, {
    hint: 'Nothing of this answer was stored. Check which model the embedding server runs.',
    remedy: 'again',
  });
}
