import { relativePath } from './fileIndexer.ts';

/** More changes at once than this are a branch switch or the like, and a scan is cheaper. */
export const scanFrom = 500;

/** What the index has not looked at yet: single files that changed, or everything. Paths are relative to the root. */
export class PendingFiles {
  readonly #rootPath: string;
  readonly #changed = new Set<string>();
  /** Those that are read again even where they look the same. */
  readonly #forced = new Set<string>();
  #scanDue = true;

  constructor(rootPath: string) {
    this.#rootPath = rootPath;
  }

  /** A scan was asked for and has not begun. */
  get scanDue(): boolean {
    return this.#scanDue;
  }

  get next(): 'scan' | 'update' | undefined {
    if (this.#scanDue || this.#changed.size >= scanFrom) return 'scan';
    return this.#changed.size > 0 ? 'update' : undefined;
  }

  wantScan(): void {
    this.#scanDue = true;
  }

  /** Absolute paths; those outside of the root are left out. True when any file waits. */
  add(paths: readonly string[]): boolean {
    for (const absolute of paths) {
      const path = relativePath(this.#rootPath, absolute);
      if (path !== undefined) this.#changed.add(path);
    }
    return this.#changed.size > 0;
  }

  force(paths: readonly string[]): void {
    for (const path of paths) {
      this.#forced.add(path);
      this.#changed.add(path);
    }
  }

  /** Lets `work` look at everything; the scan stays due where it fails. */
  async scan(work: () => Promise<void>): Promise<void> {
    this.#scanDue = false;
    this.#changed.clear();
    try {
      await work();
    } catch (error) {
      this.#scanDue = true;
      throw error;
    }
  }

  /** Lets `work` look at the files that changed, which stay where it fails; it resolves to true where only a scan will do. */
  async update(work: (paths: readonly string[], forced: ReadonlySet<string>) => Promise<boolean>): Promise<void> {
    const paths = [...this.#changed];
    const forced = new Set(this.#forced);
    this.#changed.clear();
    this.#forced.clear();
    try {
      const needsScan = await work(paths, forced);
      this.#scanDue ||= needsScan;
    } catch (error) {
      for (const path of paths) this.#changed.add(path);
      for (const path of forced) this.#forced.add(path);
      throw error;
    }
  }
}
