import { SextantError, type ErrorCode } from '../../shared/errors.ts';
import type { LogLine } from '../../shared/protocol.ts';

/** How long until work that failed for want of disk space, of the folder or of a line is tried again. */
const retryMs = 5000;
const retriedCodes: readonly ErrorCode[] = [
  'disk_full',
  'workspace_missing',
  'database_damaged',
  'network',
  'rate_limited',
];
/** How often a window that may not write asks whether it may now. */
const leaseRetryMs = 2000;
const mostLogged = 20;

export function codeOf(error: unknown): ErrorCode {
  return error instanceof SextantError ? error.code : 'internal';
}

/** Milliseconds until work that failed this way is worth another try; infinite where nothing would have changed. */
export function retryAfterMs(code: ErrorCode): number {
  if (code === 'database_busy') return leaseRetryMs;
  return retriedCodes.includes(code) ? retryMs : Infinity;
}

/** Logs the first failures: one that repeats every few seconds must not fill the log. */
export class FailureLog {
  readonly #write: (line: LogLine) => void;
  #logged = 0;

  constructor(write: (line: LogLine) => void) {
    this.#write = write;
  }

  add(level: 'warn' | 'error', error: unknown): void {
    this.#logged += 1;
    if (this.#logged > mostLogged) return;
    const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.#write({ level, message });
  }
}
