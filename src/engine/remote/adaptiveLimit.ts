import { setTimeout as sleep } from 'node:timers/promises';

interface Waiting {
  readonly start: () => void;
}

/**
 * Lets as much through at the same time as the other side bears: one more for every round without complaint, half after one
 * (additive increase, multiplicative decrease; Chiu and Jain 1989), and nothing while it asked for a pause.
 */
export class AdaptiveLimit {
  readonly #most: number;
  #limit: number;
  #active = 0;
  #successes = 0;
  #pausedUntil = 0;
  readonly #waiting: Waiting[] = [];

  constructor(most: number) {
    this.#most = most;
    this.#limit = Math.min(2, most);
  }

  /** How many may be under way now. */
  get limit(): number {
    return this.#limit;
  }

  /** Runs `work` in its turn. Rejects with the signal's reason when cancelled before that. */
  async run<T>(work: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    await this.#turn(signal);
    try {
      await this.#pause(signal);
      return await work();
    } finally {
      this.#active -= 1;
      this.#next();
    }
  }

  succeeded(): void {
    this.#successes += 1;
    if (this.#successes < this.#limit || this.#limit >= this.#most) return;
    this.#successes = 0;
    this.#limit += 1;
    this.#next();
  }

  /** The other side is overloaded; `pauseMs`: how long it asks to be left alone. */
  overloaded(pauseMs: number): void {
    this.#successes = 0;
    this.#limit = Math.max(1, Math.floor(this.#limit / 2));
    this.#pausedUntil = Math.max(this.#pausedUntil, performance.now() + pauseMs);
  }

  #turn(signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted();
    if (this.#active < this.#limit && this.#waiting.length === 0) {
      this.#active += 1;
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      const stop = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
        reject(signal?.reason as Error);
      };
      const waiting = {
        start: (): void => {
          signal?.removeEventListener('abort', stop);
          resolve();
        },
      };
      signal?.addEventListener('abort', stop, { once: true });
      this.#waiting.push(waiting);
    });
  }

  async #pause(signal: AbortSignal | undefined): Promise<void> {
    for (let left = this.#pausedUntil - performance.now(); left > 0; left = this.#pausedUntil - performance.now()) {
      await abortableSleep(left, signal);
    }
  }

  #next(): void {
    while (this.#active < this.#limit && this.#waiting.length > 0) {
      this.#active += 1;
      this.#waiting.shift()!.start();
    }
  }
}

/** Waits; rejects with the signal's reason when cancelled. */
export async function abortableSleep(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await sleep(milliseconds, undefined, signal === undefined ? {} : { signal });
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
}
