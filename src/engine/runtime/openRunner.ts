import os from 'node:os';
import type { BackendStatus } from '../../shared/status.ts';
import type { ModelFolder } from '../model/modelFolder.ts';
import { workerEntry } from '../paths.ts';
import { chooseBackend, type BackendChoice } from './backends.ts';
import type { CudaAvailability } from './cuda/availability.ts';
import { CudaModel } from './cuda/cudaModel.ts';
import type { EncodeRequest, EncodeSettings, Precision } from './encodeWorker.ts';
import type { Matrix } from './ortModel.ts';
import { PackedRunner, type PackedRunnerOptions } from './packedRunner.ts';
import { providerDevice } from './providers/providerDevice.ts';
import { isProvider, requireProvider } from './providers/providers.ts';
import { WorkerLink } from './workerLink.ts';

export interface OpenRunnerOptions {
  /** Upper bound of the threads that compute; 0 takes half of the cores. */
  readonly threads: number;
  readonly backend: BackendChoice;
  /** Of the CPU: a GPU computes with 16 bits either way. */
  readonly precision?: Precision;
  readonly gpuMemoryMB?: number;
  readonly signal?: AbortSignal;
}

export interface OpenedRunner {
  readonly runner: PackedRunner;
  readonly backend: BackendStatus;
  readonly precision: Precision;
}

type Head = EncodeSettings['head'];

/** Threads that tokenise for a device; more than these outrun every GPU. */
const mostTokenizers = 8;

/** Starts a model on the best backend that the settings allow and that works. */
export async function openRunner(model: ModelFolder, head: Head, options: OpenRunnerOptions): Promise<OpenedRunner> {
  const { precision = 'float32', backend, signal } = options;
  const threads = Math.max(
    1,
    options.threads > 0 ? Math.floor(options.threads) : Math.ceil(os.availableParallelism() / 2),
  );
  if (isProvider(backend)) {
    const { reason } = await requireProvider(backend, model.folder);
    signal?.throwIfAborted();
    const runner = await loaded(
      { model, head, threads, precision: 'float32', device: providerDevice(model, head, backend) },
      signal,
    );
    return { runner, backend: { name: backend, reason }, precision: 'float32' };
  }
  const cuda = await chooseBackend(backend);
  signal?.throwIfAborted();
  let { reason } = cuda;
  if (cuda.available) {
    try {
      const device = await openDevice(model, head, cuda, threads, options);
      const runner = await loaded(
        { model, head, threads: Math.min(threads, mostTokenizers), precision, device },
        signal,
      );
      return { runner, backend: device.status, precision: 'float32' };
    } catch (error) {
      signal?.throwIfAborted();
      if (backend === 'cuda') throw error;
      reason = error instanceof Error ? error.message : String(error);
    }
  }
  const runner = await loaded({ model, head, threads, precision }, signal);
  return { runner, backend: { name: 'cpu', reason }, precision };
}

function openDevice(
  model: ModelFolder,
  head: Head,
  { addon, device, generation, reason }: Extract<CudaAvailability, { readonly available: true }>,
  threads: number,
  { gpuMemoryMB = 0 }: OpenRunnerOptions,
): Promise<CudaModel> {
  const settings: EncodeSettings = { folder: model.folder, threads, head, precision: 'float32' };
  return CudaModel.open({
    model,
    head,
    addon,
    device: 0,
    generation,
    memoryBytes: gpuMemoryMB > 0 ? gpuMemoryMB * 1024 * 1024 : Math.floor(device.memoryBytes / 2),
    reason,
    openFallback: () => new WorkerLink<EncodeRequest, Matrix>(workerEntry('encodeWorker'), settings, 'encoder'),
  });
}

async function loaded(options: PackedRunnerOptions, signal: AbortSignal | undefined): Promise<PackedRunner> {
  const runner = new PackedRunner(options);
  try {
    await runner.load();
    signal?.throwIfAborted();
    return runner;
  } catch (error) {
    await runner.dispose();
    throw error;
  }
}
