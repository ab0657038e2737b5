import path from 'node:path';
import type { BackendStatus } from '../../../shared/status.ts';
import { withClassificationHead } from '../../model/classificationHead.ts';
import { weightsName, type ModelFolder } from '../../model/modelFolder.ts';
import type { EncodeRequest, EncodeSettings } from '../encodeWorker.ts';
import type { EncodeDevice, EncodeTarget } from '../encodeDevice.ts';
import type { Matrix } from '../ortModel.ts';
import type { PackedInput } from '../packedInput.ts';
import {
  cudaError,
  cudaErrorCode,
  loadCudaAddon,
  type AddonBackend,
  type CudaAddon,
  type CudaSession,
} from './addon.ts';
import { BatchBudget } from './batchBudget.ts';
import { planNetwork, type CudaPlan } from './plan.ts';
import { splitByTokens } from './splitInput.ts';

export interface CudaModelOptions {
  readonly model: ModelFolder;
  readonly head: EncodeSettings['head'];
  /** The addon's file. */
  readonly addon: string;
  /** `cuda`, but for tests. */
  readonly backend?: AddonBackend;
  /** The GPU to use, counted from 0. */
  readonly device: number;
  /** Whose kernels it runs; see `addon.ts`. */
  readonly generation: number;
  /** What weights and buffers may take together. */
  readonly memoryBytes: number;
  /** Why this backend, for people. */
  readonly reason: string;
  /** Opens the same model on the CPU: for what the GPU has no memory for, and for everything once it has failed. */
  readonly openFallback: () => EncodeTarget;
}

/** Batches for the CPU: what it takes about a second for, where a GPU takes ten times as much in a blink. */
const fallbackTokens = 1024;
/** Batches on their way to the device: one computed, one copied, one waiting. */
const documentsAtOnce = 3;

/** A model on a CUDA device. What the device cannot do is done on the CPU; only what neither can do rejects. */
export class CudaModel implements EncodeDevice {
  /** Follows what happens: after a failure of the device it is that of the CPU, with the reason. */
  readonly status: BackendStatus;
  readonly targets: readonly EncodeTarget[];
  readonly #addon: CudaAddon;
  readonly #session: CudaSession;
  readonly #plan: CudaPlan;
  readonly #openFallback: () => EncodeTarget;
  readonly #budget = new BatchBudget();
  #fallback: EncodeTarget | undefined;
  #failure: string | undefined;
  #deviceMs = 0;
  #disposed: Promise<void> | undefined;

  private constructor(addon: CudaAddon, session: CudaSession, plan: CudaPlan, options: CudaModelOptions) {
    this.#addon = addon;
    this.#session = session;
    this.#plan = plan;
    this.#openFallback = options.openFallback;
    const dispose = (): Promise<void> => this.#dispose();
    const documents: EncodeTarget = { request: (request) => this.#request(request, false), dispose };
    this.targets = Array.from({ length: documentsAtOnce }, () => documents);
    const failure = (): string | undefined => this.#failure;
    const deviceSeconds = (): number => this.#deviceMs / 1000;
    this.status = {
      get name() {
        return failure() === undefined ? 'cuda' : 'cpu';
      },
      get reason() {
        return failure() ?? options.reason;
      },
      get deviceSeconds() {
        return deviceSeconds();
      },
    };
  }

  /**
   * Uploads a model.
   * @throws SextantError `runtime_unavailable` where the kernels do not support it, the device has no memory for it or fails.
   */
  static async open(options: CudaModelOptions): Promise<CudaModel> {
    const { model, head, backend = 'cuda', device, generation, memoryBytes } = options;
    const plan = planOf(model, head);
    const files = plan.files.map((file) => path.join(model.weightsRoot, file ?? weightsName));
    try {
      const addon = loadCudaAddon(options.addon);
      const session = await addon.open(backend, device, generation, memoryBytes, files, plan.words);
      return new CudaModel(addon, session, plan, options);
    } catch (error) {
      throw cudaError(error);
    }
  }

  get batchTokens(): number {
    return this.#failure === undefined ? this.#budget.tokens : fallbackTokens;
  }

  /** Ahead of all documents. */
  urgent(request: EncodeRequest): Promise<Matrix> {
    return this.#request(request, true);
  }

  async #request(request: EncodeRequest, urgent: boolean): Promise<Matrix> {
    if (request.kind === 'load') return { data: new Float32Array(), rows: 0, columns: 0 };
    const { input } = request;
    if (this.#failure !== undefined) return await this.#onCpu(input);
    try {
      return await this.#onDevice(input, urgent);
    } catch (error) {
      const code = cudaErrorCode(error);
      if (code === 'out_of_memory') return await this.#inHalves(input, urgent);
      if (code !== 'device' || this.#disposed !== undefined) throw cudaError(error);
      this.#failure = `CUDA failed, so the CPU computes: ${error instanceof Error ? error.message : String(error)}`;
      return await this.#onCpu(input);
    }
  }

  async #onDevice({ ids, cuSeqlens, types }: PackedInput, urgent: boolean): Promise<Matrix> {
    const { rows, milliseconds } = await this.#addon.encode(this.#session, ids, cuSeqlens, types, urgent);
    this.#deviceMs += milliseconds;
    if (!urgent) this.#budget.measured(ids.length, milliseconds);
    const data = new Float32Array(rows);
    const columns = this.#plan.resultColumns;
    return { data, rows: data.length / columns, columns };
  }

  /** The memory that a batch asked for is not there: half of it may do. A single sequence that does not fit goes to the CPU. */
  async #inHalves(input: PackedInput, urgent: boolean): Promise<Matrix> {
    this.#budget.tooMuch(input.ids.length);
    const parts = splitByTokens(input, Math.ceil(input.ids.length / 2));
    if (parts.length === 1) return await this.#onCpu(input);
    return await inTurn(parts, (part) => this.#request({ kind: 'encode', input: part }, urgent));
  }

  #onCpu(input: PackedInput): Promise<Matrix> {
    const fallback = (this.#fallback ??= this.#openFallback());
    return inTurn(splitByTokens(input, fallbackTokens), (part) => fallback.request({ kind: 'encode', input: part }));
  }

  #dispose(): Promise<void> {
    this.#disposed ??= Promise.all([this.#addon.close(this.#session), this.#fallback?.dispose()]).then(() => undefined);
    return this.#disposed;
  }
}

function planOf({ network, encoder, config, weights }: ModelFolder, head: EncodeSettings['head']): CudaPlan {
  const { tensors } = weights;
  if (head === 'embedding') return planNetwork(network, tensors, network.embedding);
  const classification = withClassificationHead(encoder, config, (name) => tensors.get(name)?.shape);
  return planNetwork(classification, tensors, classification.logits);
}

/** The rows of all parts, one part after another. */
async function inTurn(parts: readonly PackedInput[], run: (part: PackedInput) => Promise<Matrix>): Promise<Matrix> {
  const results: Matrix[] = [];
  for (const part of parts) results.push(await run(part));
  const [first] = results;
  if (results.length === 1) return first!;
  const columns = first?.columns ?? 0;
  const data = new Float32Array(results.reduce((sum, result) => sum + result.data.length, 0));
  let offset = 0;
  for (const result of results) {
    data.set(result.data, offset);
    offset += result.data.length;
  }
  return { data, rows: columns === 0 ? 0 : data.length / columns, columns };
}
