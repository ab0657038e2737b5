import type { MeasureProgress, MeasureReport, MeasureRequest } from '../../shared/measure.ts';
import type { EngineSettings } from '../../shared/protocol.ts';
import type { OpenRoot } from '../openRoot.ts';
import { createEncoder } from '../runtime/createEncoder.ts';
import type { Encoder } from '../runtime/encoder.ts';
import { measureSearch } from './measureSearch.ts';

/** What measuring and fine-tuning need of the engine. */
export interface EngineAccess {
  readonly storageDir: string;
  /** @throws SextantError `not_found` for a root that is not open. */
  opened(uri: string): OpenRoot;
  encoder(): Promise<Encoder>;
  settings(): EngineSettings;
}

/** Opens a model beside the one in use, with the settings of now. */
export function openModel(access: EngineAccess, modelDir: string, signal: AbortSignal): Promise<Encoder> {
  const { threads, backend } = access.settings();
  return createEncoder({ modelDir, threads, backend, signal });
}

/** Answers “Measure my search”. */
export class MeasureService {
  readonly #access: EngineAccess;
  readonly #onProgress: (progress: MeasureProgress) => void;

  constructor(access: EngineAccess, onProgress: (progress: MeasureProgress) => void) {
    this.#access = access;
    this.#onProgress = onProgress;
  }

  /** @throws see `measureSearch` and `createEncoder` */
  async measure({ root, queries, sources, compare }: MeasureRequest, signal: AbortSignal): Promise<MeasureReport> {
    const opened = this.#access.opened(root);
    const present = await this.#access.encoder();
    signal.throwIfAborted();
    const other = compare === undefined ? undefined : await openModel(this.#access, compare, signal);
    try {
      return await measureSearch({
        root: opened,
        storageDir: this.#access.storageDir,
        encoders: other === undefined ? [present] : [present, other],
        sources,
        queries,
        signal,
        onProgress: (progress) => this.#onProgress({ root, ...progress }),
      });
    } finally {
      await other?.dispose();
    }
  }
}
