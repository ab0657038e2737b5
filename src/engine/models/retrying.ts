import { setTimeout as sleep } from 'node:timers/promises';
import { HubError } from './hubErrors.ts';

export interface RetryTiming {
  /** Failures in a row, without any progress between them, that are one too many. */
  readonly attempts: number;
  readonly firstDelayMs: number;
  readonly longestDelayMs: number;
  /** A hub that asks for more patience than this gets none. */
  readonly longestRetryAfterMs: number;
}

export const defaultRetryTiming: RetryTiming = {
  attempts: 6,
  firstDelayMs: 500,
  longestDelayMs: 16_000,
  longestRetryAfterMs: 5 * 60_000,
};

export interface Retrying {
  readonly timing: RetryTiming;
  readonly signal?: AbortSignal | undefined;
  /** Called before each pause. */
  readonly onWait?: ((error: HubError, delayMs: number) => void) | undefined;
}

/**
 * Repeats `work` while it fails in ways that may pass, with pauses that double, or as long as the hub asks for. `work`
 * calls `progressed` when something arrived: a long download over a bad line is not given up while it gets anywhere.
 */
export async function retrying<T>(
  work: (progressed: () => void) => Promise<T>,
  { timing, signal, onWait }: Retrying,
): Promise<T> {
  let failures = 0;
  for (;;) {
    signal?.throwIfAborted();
    try {
      return await work(() => (failures = 0));
    } catch (error) {
      if (!(error instanceof HubError) || !error.retryable || ++failures >= timing.attempts) throw error;
      const asked = error.retryAfterMs;
      if (asked !== undefined && asked > timing.longestRetryAfterMs) throw error;
      const delay = asked ?? Math.min(timing.longestDelayMs, timing.firstDelayMs * 2 ** (failures - 1));
      onWait?.(error, delay);
      await pause(delay, signal);
    }
  }
}

async function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await sleep(milliseconds, undefined, signal === undefined ? {} : { signal });
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
}
