/** Calls back at most once an interval, and always after the last request. */
export class Throttle {
  readonly #callback: () => void;
  readonly #intervalMs: number;
  #timer: NodeJS.Timeout | undefined;
  #last = -Infinity;

  constructor(callback: () => void, intervalMs: number) {
    this.#callback = callback;
    this.#intervalMs = intervalMs;
  }

  soon(): void {
    if (this.#timer !== undefined) return;
    const wait = Math.max(0, this.#last + this.#intervalMs - performance.now());
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#last = performance.now();
      this.#callback();
    }, wait);
  }

  dispose(): void {
    clearTimeout(this.#timer);
  }
}
