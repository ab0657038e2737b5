import { cudaAvailability, knownCudaAvailability, type CudaAvailability } from './cuda/availability.ts';
import { SextantError } from '../../shared/errors.ts';
import { providers, type ProviderName } from './providers/providers.ts';

/** `auto` takes CUDA or the CPU; the GPU providers of ONNX Runtime are used when they are asked for by name. */
export type BackendChoice = 'auto' | 'cpu' | 'cuda' | ProviderName;

/** A way to run models, and why it can be used or not. */
export interface BackendReport {
  readonly name: string;
  readonly available: boolean;
  readonly reason: string;
}

/** Every backend as far as this process has looked for it. */
export function backends(): readonly BackendReport[] {
  const { available, reason } = knownCudaAvailability();
  return [
    { name: 'cpu', available: true, reason: 'ONNX Runtime' },
    { name: 'cuda', available, reason },
    ...(Object.keys(providers) as ProviderName[]).map((name) => ({
      name,
      available: false,
      reason: `Not tried: only used when “${name}” is chosen.`,
    })),
  ];
}

/**
 * What the settings leave to decide: a device, or why there is none.
 * @throws SextantError `runtime_unavailable` if CUDA is insisted on and cannot be had.
 */
export async function chooseBackend(choice: Exclude<BackendChoice, ProviderName>): Promise<CudaAvailability> {
  if (choice === 'cpu') return { available: false, reason: 'Chosen in the settings.' };
  const cuda = await cudaAvailability();
  if (choice === 'cuda' && !cuda.available) {
    throw new SextantError('runtime_unavailable', cuda.reason, { hint: 'Set the backend to “auto” or “cpu”.' });
  }
  return cuda;
}
