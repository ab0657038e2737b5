export interface PathBatchOptions {
  /** Quiet time after the last path before the batch is handed on. */
  readonly quietMs: number;
  /** A batch is handed on after this long even if paths keep coming. */
  readonly maxWaitMs: number;
}

/** Gathers paths, each once, and hands them on together when things calm down. */
export class PathBatch {
  readonly #flush: (paths: string[]) => void;
  readonly #options: PathBatchOptions;
  readonly #paths = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #firstAt = 0;

  constructor(flush: (paths: string[]) => void, options: PathBatchOptions) {
    this.#flush = flush;
    this.#options = options;
  }

  add(path: string): void {
    const now = performance.now();
    if (this.#paths.size === 0) this.#firstAt = now;
    this.#paths.add(path);
    clearTimeout(this.#timer);
    const left = this.#firstAt + this.#options.maxWaitMs - now;
    this.#timer = setTimeout(() => this.#handOn(), Math.max(0, Math.min(this.#options.quietMs, left)));
  }

  /** Drops what was gathered. */
  dispose(): void {
    clearTimeout(this.#timer);
    this.#paths.clear();
  }

  #handOn(): void {
    const paths = [...this.#paths];
    this.#paths.clear();
    this.#flush(paths);
  }
}
