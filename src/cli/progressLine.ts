import type { RootStatus } from '../shared/status.ts';

/** How far indexing a root has come, in one line. */
export function progressLine(status: RootStatus): string {
  const share = status.chunks === 0 ? 0 : Math.floor((100 * status.embedded) / status.chunks);
  const parts = [status.phase, `${status.files} files`, `${status.chunks} chunks`, `${share} % embedded`];
  if (status.tokensPerSecond !== undefined) parts.push(`${Math.round(status.tokensPerSecond)} tokens/s`);
  if (status.etaSeconds !== undefined) parts.push(`${Math.ceil(status.etaSeconds)} s left`);
  return parts.join(' · ');
}
