import type { Candidate } from './searchIndex.ts';

/** Keeps the best of many candidates: a binary heap whose root is the worst that is kept. */
export class TopCandidates {
  readonly #limit: number;
  readonly #scores: number[] = [];
  readonly #ids: number[] = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  add(chunkId: number, score: number): void {
    if (this.#scores.length < this.#limit) {
      this.#scores.push(score);
      this.#ids.push(chunkId);
      this.#rise(this.#scores.length - 1);
    } else if (this.#limit > 0 && score > this.#scores[0]!) {
      this.#scores[0] = score;
      this.#ids[0] = chunkId;
      this.#sink();
    }
  }

  /** Best first; equal ones by id. */
  sorted(): Candidate[] {
    const all = this.#ids.map((chunkId, i) => ({ chunkId, score: this.#scores[i]! }));
    return all.sort((a, b) => b.score - a.score || a.chunkId - b.chunkId);
  }

  #rise(from: number): void {
    for (let i = from; i > 0;) {
      const parent = (i - 1) >> 1;
      if (this.#scores[parent]! <= this.#scores[i]!) return;
      this.#swap(i, parent);
      i = parent;
    }
  }

  #sink(): void {
    const { length } = this.#scores;
    for (let i = 0; ;) {
      const [left, right] = [2 * i + 1, 2 * i + 2];
      let least = i;
      if (left < length && this.#scores[left]! < this.#scores[least]!) least = left;
      if (right < length && this.#scores[right]! < this.#scores[least]!) least = right;
      if (least === i) return;
      this.#swap(i, least);
      i = least;
    }
  }

  #swap(i: number, j: number): void {
    const [score, id] = [this.#scores[i]!, this.#ids[i]!];
    this.#scores[i] = this.#scores[j]!;
    this.#ids[i] = this.#ids[j]!;
    this.#scores[j] = score;
    this.#ids[j] = id;
  }
}
