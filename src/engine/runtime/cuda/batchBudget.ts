/** A batch should take about this long: enough that nothing between batches counts, little enough that a desktop stays smooth. */
const wantedMs = 40;
const least = 1024;
const most = 65_536;

/** Tokens of the next batches, from what those before took. */
export class BatchBudget {
  #tokens = 8192;
  /** Never again as much as once found no memory. */
  #limit = most;

  get tokens(): number {
    return this.#tokens;
  }

  /** A batch of so many tokens kept the device busy for so long. */
  measured(tokens: number, milliseconds: number): void {
    // Small batches say little: they do not fill the device.
    if (tokens < this.#tokens / 2) return;
    const factor = Math.min(2, Math.max(0.5, wantedMs / Math.max(milliseconds, 0.1)));
    this.#set(tokens * factor);
  }

  tooMuch(tokens: number): void {
    this.#limit = Math.max(least, Math.min(this.#limit, Math.floor(tokens / 2)));
    this.#set(this.#tokens);
  }

  #set(tokens: number): void {
    this.#tokens = Math.round(Math.min(this.#limit, most, Math.max(least, tokens)));
  }
}
