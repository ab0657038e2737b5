import { SextantError } from '../../shared/errors.ts';
import type { BackendStatus } from '../../shared/status.ts';

export type BackendChoice = 'auto' | 'cpu' | 'cuda';

const noCuda = 'No CUDA addon in this build.';

/** Every backend with the reason why it can be used or not. */
export const backends = [
  { name: 'cpu', available: true, reason: 'ONNX Runtime' },
  { name: 'cuda', available: false, reason: noCuda },
] as const;

/**
 * The backend to use and why.
 * @throws SextantError `runtime_unavailable` if CUDA is insisted on and cannot be had.
 */
export function chooseBackend(choice: BackendChoice): BackendStatus {
  switch (choice) {
    case 'auto':
      return { name: 'cpu', reason: noCuda };
    case 'cpu':
      return { name: 'cpu', reason: 'Chosen in the settings.' };
    case 'cuda':
      throw new SextantError('runtime_unavailable', noCuda, { hint: 'Set the backend to “auto” or “cpu”.' });
  }
}
