export interface RestartPolicyOptions {
  /** With this many crashes inside the window the policy gives up. */
  readonly maxCrashes: number;
  readonly windowMs: number;
  /** Delay before the first restart; it doubles with every further crash inside the window. */
  readonly firstDelayMs: number;
  readonly maxDelayMs: number;
}

export const defaultRestartPolicy: RestartPolicyOptions = {
  maxCrashes: 5,
  windowMs: 3 * 60_000,
  firstDelayMs: 250,
  maxDelayMs: 10_000,
};

/** Decides whether and when a crashed engine is started again. Times are milliseconds of one monotonic clock. */
export class RestartPolicy {
  readonly #options: RestartPolicyOptions;
  #crashes: number[] = [];

  constructor(options: RestartPolicyOptions = defaultRestartPolicy) {
    this.#options = options;
  }

  /** Records a crash; returns the delay in ms before the restart, or `undefined` to give up. */
  crashed(now: number): number | undefined {
    const { maxCrashes, windowMs, firstDelayMs, maxDelayMs } = this.#options;
    this.#crashes = this.#crashes.filter((at) => now - at < windowMs);
    this.#crashes.push(now);
    if (this.#crashes.length >= maxCrashes) return undefined;
    return Math.min(maxDelayMs, firstDelayMs * 2 ** (this.#crashes.length - 1));
  }

  /** Forgets the past, as when the user asks for a restart. */
  reset(): void {
    this.#crashes = [];
  }
}
