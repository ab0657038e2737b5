import { SextantError, serializeError } from '../../shared/errors.ts';
import type { WorkspaceRoot } from '../../shared/protocol.ts';
import type { RootPhase, RootStatus, SkipCounts } from '../../shared/status.ts';
import type { RootStore } from '../store/rootStore.ts';
import type { Throughput } from './throughput.ts';

/** What an indexer knows about its work; the rest of the status stands in the store. */
export interface WorkState {
  readonly phase: RootPhase;
  readonly paused: boolean;
  readonly error: unknown;
  readonly currentFile: string | undefined;
  /** Files that the last scan left out without reading them. */
  readonly skipped: SkipCounts;
  /** Length of the texts that wait to be embedded. */
  readonly waitingCharacters: number;
  /** Texts that got no embedding and will get none. */
  readonly failed: number;
  /** Those of them that are not sent to an embedding server, for they look like secrets. */
  readonly withheld: number;
  readonly throughput: Throughput;
}

function sumOf(left: SkipCounts, right: SkipCounts): SkipCounts {
  const sum: Record<string, number> = { ...left };
  for (const [reason, count] of Object.entries(right)) sum[reason] = (sum[reason] ?? 0) + count;
  return sum;
}

/** Set where sqlite-vec cannot be loaded: there are keywords only, however good the model is. */
function withoutVectors({ vec }: RootStore): SextantError | undefined {
  if ('version' in vec) return undefined;
  return new SextantError('runtime_unavailable', `Search by meaning is not available: ${vec.reason}`, {
    hint: 'Search by keywords works. Install the build of Sextant for this platform.',
  });
}

function phaseOf({ phase, paused }: WorkState, writable: boolean, chunks: number, embedded: number): RootPhase {
  if (paused && phase !== 'error') return 'paused';
  // Whoever only reads sees how far the one that writes has come.
  if (phase === 'ready' && !writable && embedded > 0 && embedded < chunks) return 'embedding';
  return phase;
}

function progressOf({ phase, currentFile, waitingCharacters, throughput }: WorkState): Partial<RootStatus> {
  const seconds = waitingCharacters === 0 ? undefined : throughput.secondsFor(waitingCharacters);
  const rate = phase === 'embedding' ? throughput.tokensPerSecond : undefined;
  return {
    ...(currentFile !== undefined && { currentFile }),
    ...(seconds !== undefined && { etaSeconds: seconds }),
    ...(rate !== undefined && { tokensPerSecond: rate }),
  };
}

/** The status of a root; a store that cannot be read is a status too. */
export function rootStatusOf(root: WorkspaceRoot, store: RootStore, work: WorkState): RootStatus {
  const base = { root: root.uri, name: root.name };
  try {
    const { files, chunks, embedded } = store.read((reader) => reader.counts());
    const { skipped, degraded, languages } = store.fileCounts({ exact: work.phase === 'ready' });
    const trouble = work.error ?? withoutVectors(store);
    return {
      ...base,
      phase: phaseOf(work, store.writable, chunks, embedded),
      files,
      chunks,
      embedded,
      skipped: sumOf(work.skipped, skipped),
      degraded,
      languages,
      ...(work.failed > 0 && { failed: work.failed }),
      ...(work.withheld > 0 && { withheld: work.withheld }),
      ...progressOf(work),
      ...(trouble === undefined ? {} : { error: serializeError(trouble) }),
    };
  } catch (failure) {
    const none = { files: 0, chunks: 0, embedded: 0, skipped: {}, degraded: 0 };
    return { ...base, phase: 'error', ...none, error: serializeError(failure) };
  }
}
