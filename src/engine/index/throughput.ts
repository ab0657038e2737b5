/** Time constant of the averages: what happened this long ago counts 1/e. */
const halfLifeMs = 8000;

/** Moving averages of tokens and characters a second over finished batches. */
export class Throughput {
  #tokens = 0;
  #characters = 0;
  #ms = 0;

  /** A batch that took `ms` of wall-clock time since the one before it ended. */
  add(tokens: number, characters: number, ms: number): void {
    const keep = Math.exp(-ms / halfLifeMs);
    this.#tokens = this.#tokens * keep + tokens;
    this.#characters = this.#characters * keep + characters;
    this.#ms = this.#ms * keep + ms;
  }

  get tokensPerSecond(): number | undefined {
    return this.#ms < 200 ? undefined : (1000 * this.#tokens) / this.#ms;
  }

  /** How long `characters` more take; undefined until it can be told. */
  secondsFor(characters: number): number | undefined {
    return this.#ms < 200 || this.#characters === 0 ? undefined : (characters * this.#ms) / this.#characters / 1000;
  }
}
