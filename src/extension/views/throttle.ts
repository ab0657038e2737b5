/** Calls `run` at once, then at most every `ms`; the last call of a burst is never lost. */
export class Throttle {
  readonly #run: () => void;
  readonly #ms: number;
  #timer: NodeJS.Timeout | undefined;
  #again = false;

  constructor(run: () => void, ms: number) {
    this.#run = run;
    this.#ms = ms;
  }

  call(): void {
    if (this.#timer) {
      this.#again = true;
      return;
    }
    this.#run();
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (!this.#again) return;
      this.#again = false;
      this.call();
    }, this.#ms);
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#again = false;
  }
}
