import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { SextantError } from '../../../shared/errors.ts';
import { packageRoot } from '../../paths.ts';

/** What a GPU says of itself. */
export interface CudaDevice {
  readonly name: string;
  /** Compute capability, such as “8.6”. */
  readonly capability: string;
  readonly multiprocessors: number;
  readonly memoryBytes: number;
}

/** Devices before this one are not supported; a {@link generationOf}. */
export const oldestGeneration = 75;

/** Ten times the compute capability: 86 for “8.6”. */
export function generationOf({ capability }: CudaDevice): number {
  return Math.round(10 * Number(capability));
}

export interface CudaProbe {
  /** CUDA versions of driver and addon, 1000 · major + 10 · minor. */
  readonly driver: number;
  readonly runtime: number;
  readonly devices: readonly CudaDevice[];
}

declare const sessionBrand: unique symbol;
/** A model on a device, held by the addon. */
export interface CudaSession {
  readonly [sessionBrand]: true;
}

export interface CudaRows {
  /** `[rows, row bytes of the plan]`. */
  readonly rows: ArrayBuffer;
  /** What the device spent on them. */
  readonly milliseconds: number;
}

/** All but the first are those of the tests' addon. */
export type AddonBackend = 'cuda' | 'emulated' | 'faulty' | 'reference';

/** The functions of `native/addon`. What they throw and reject with are Errors whose `code` is a {@link CudaErrorCode}. */
export interface CudaAddon {
  probe(): CudaProbe;
  /** Throws where kernels compute something else than their reference; `generation` as in {@link open}. */
  check(backend: AddonBackend, device: number, generation: number): void;
  /** `generation`: no instructions of a later one are used; see {@link generationOf}. */
  open(
    backend: AddonBackend,
    device: number,
    generation: number,
    memoryBytes: number,
    weightsFiles: readonly string[],
    plan: Float64Array,
  ): Promise<CudaSession>;
  encode(
    session: CudaSession,
    ids: Int32Array,
    cuSeqlens: Int32Array,
    types: Int32Array | undefined,
    urgent: boolean,
  ): Promise<CudaRows>;
  close(session: CudaSession): Promise<void>;
  weightBytes(session: CudaSession): number;
}

const cudaErrorCodes = [
  'invalid_argument',
  'unsupported',
  'file',
  'out_of_memory',
  'no_driver',
  'no_device',
  'device',
  'closed',
] as const;
export type CudaErrorCode = (typeof cudaErrorCodes)[number];

/** The addon's code of what it threw, or nothing if it came from elsewhere. */
export function cudaErrorCode(error: unknown): CudaErrorCode | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return cudaErrorCodes.find((known) => known === code);
}

/** The addon's error as one a user may see. */
export function cudaError(error: unknown): unknown {
  const code = cudaErrorCode(error);
  if (code === undefined || !(error instanceof Error)) return error;
  if (code === 'closed') return new SextantError('cancelled', error.message, { cause: error });
  if (code === 'invalid_argument') return new SextantError('internal', error.message, { cause: error });
  const hint =
    code === 'out_of_memory' ? { hint: 'Close other programs that use the GPU, or lower its memory share.' } : {};
  return new SextantError('runtime_unavailable', `CUDA: ${error.message}`, { cause: error, ...hint });
}

/** Where the addon lies when packaged, and where `npm run native` puts it. */
const places = [
  path.join(packageRoot, 'dist', 'native', 'sextant_cuda.node'),
  path.join(packageRoot, 'native', 'build', `${process.platform}-${process.arch}`, 'sextant_cuda.node'),
];

/** The addon of this build, or nothing if it was built without. */
export function findCudaAddon(): string | undefined {
  return places.find((file) => existsSync(file));
}

const require = createRequire(import.meta.url);

/** Loads an addon into this process: only after `probeCuda` has seen it load in another. */
export function loadCudaAddon(file: string): CudaAddon {
  return require(file) as CudaAddon;
}
