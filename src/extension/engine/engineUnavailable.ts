import { SextantError } from '../../shared/errors.ts';

/** The error of every request that no engine can answer. */
export function engineUnavailable(message: string, cause?: unknown): SextantError {
  return new SextantError('engine_unavailable', message, {
    hint: 'Run “Sextant: Restart Engine”; “Sextant: Show Log” tells why it stopped.',
    cause,
  });
}
