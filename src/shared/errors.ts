/** Every failure a user can meet, by code. Code matches on these, never on message text. */
export const errorCodes = [
  'invalid_argument',
  'not_found',
  'workspace_missing',
  'workspace_untrusted',
  'index_missing',
  'database_too_new',
  'database_damaged',
  'database_busy',
  'disk_full',
  'model_missing',
  'model_invalid',
  'model_mismatch',
  'runtime_unavailable',
  'network',
  'access_denied',
  'rate_limited',
  'license_required',
  'training_failed',
  'too_little_data',
  'parser_failed',
  'git_failed',
  'forge_failed',
  'forge_offline',
  'forge_denied',
  'forge_rate_limited',
  'secret_withheld',
  'store_offline',
  'engine_unavailable',
  'protocol_mismatch',
  'cancelled',
  'internal',
] as const;

export type ErrorCode = (typeof errorCodes)[number];

/** The form an error takes on every link: RPC, webview messages and `--json`. */
export interface SerializedError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint?: string;
}

/** An error whose message may be shown to the user as it is; `hint` says what to do about it. */
export class SextantError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | undefined;

  constructor(code: ErrorCode, message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'SextantError';
    this.code = code;
    this.hint = options.hint;
  }
}

function isErrorCode(value: unknown): value is ErrorCode {
  return typeof value === 'string' && (errorCodes as readonly string[]).includes(value);
}

/** True for what an aborted `AbortSignal` rejects with, and for our own `cancelled`. */
export function isCancellation(error: unknown): boolean {
  if (error instanceof SextantError) return error.code === 'cancelled';
  return error instanceof Error && (error.name === 'AbortError' || error.name === 'Canceled');
}

/** Any thrown value in its serialized form; what is not ours becomes `internal`, a cancellation `cancelled`. */
export function serializeError(error: unknown): SerializedError {
  if (error instanceof SextantError) {
    return { code: error.code, message: error.message, ...(error.hint === undefined ? {} : { hint: error.hint }) };
  }
  if (isCancellation(error)) return { code: 'cancelled', message: 'Cancelled.' };
  return { code: 'internal', message: error instanceof Error ? error.message : String(error) };
}

/** The inverse of {@link serializeError}; tolerates what an older peer may send. */
export function deserializeError(value: unknown): SextantError {
  if (typeof value === 'object' && value !== null && 'code' in value && 'message' in value) {
    const { code, message } = value;
    const hint = 'hint' in value && typeof value.hint === 'string' ? { hint: value.hint } : {};
    return new SextantError(isErrorCode(code) ? code : 'internal', String(message), hint);
  }
  return new SextantError('internal', String(value));
}
