/** Time constant of the moving average. */
const memoryMs = 5000;
/** Reports closer together than this are dropped. */
const reportMs = 200;

export interface MeterReading {
  readonly doneBytes: number;
  readonly totalBytes: number;
  readonly bytesPerSecond?: number;
  readonly etaSeconds?: number;
}

/** Counts transferred bytes and tells speed and remaining time, a few times a second. */
export class ByteMeter {
  readonly #totalBytes: number;
  readonly #report: (reading: MeterReading) => void;
  readonly #now: () => number;
  #done = 0;
  /** Bytes and milliseconds behind the moving average. */
  #recentBytes = 0;
  #recentMs = 0;
  #pendingBytes = 0;
  #last: number;

  constructor(totalBytes: number, report: (reading: MeterReading) => void, now = () => performance.now()) {
    this.#totalBytes = totalBytes;
    this.#report = report;
    this.#now = now;
    this.#last = now();
  }

  /** Bytes that were there before: done, but not a measure of speed. Negative when they have to come again. */
  skip(bytes: number): void {
    this.#done += bytes;
  }

  add(bytes: number): void {
    this.#done += bytes;
    this.#pendingBytes += bytes;
    const passed = this.#now() - this.#last;
    if (passed < reportMs) return;
    const keep = Math.exp(-passed / memoryMs);
    this.#recentBytes = this.#recentBytes * keep + this.#pendingBytes;
    this.#recentMs = this.#recentMs * keep + passed;
    this.#pendingBytes = 0;
    this.#last += passed;
    this.#report(this.reading());
  }

  reading(): MeterReading {
    const counts = { doneBytes: this.#done, totalBytes: this.#totalBytes };
    if (this.#recentMs === 0 || this.#recentBytes === 0) return counts;
    const bytesPerSecond = (1000 * this.#recentBytes) / this.#recentMs;
    const left = Math.max(0, this.#totalBytes - this.#done);
    return { ...counts, bytesPerSecond, etaSeconds: left / bytesPerSecond };
  }
}
