import { workerEntry } from '../paths.ts';
import { withStopFlag, type StopFlag } from '../runtime/stopFlag.ts';
import { WorkerLink } from '../runtime/workerLink.ts';
import type { PortableContents, PortableModel } from '../store/portableTables.ts';

/** Between a root's database and the portable form of it; both are paths. */
export type PortableTask =
  | { readonly kind: 'write'; readonly database: string; readonly portable: string }
  | { readonly kind: 'read'; readonly portable: string; readonly database: string; readonly made: PortableModel };

export interface PortableJob {
  readonly task: PortableTask;
  readonly stop: StopFlag;
}

/** In a thread of its own, for a large index takes minutes. Resolves with what was written. */
export function writePortableInThread(
  database: string,
  portable: string,
  signal: AbortSignal,
): Promise<PortableContents> {
  return inThread<PortableContents>({ kind: 'write', database, portable }, signal);
}

/** The same for reading. */
export function readPortableInThread(
  portable: string,
  database: string,
  made: PortableModel,
  signal: AbortSignal,
): Promise<void> {
  return inThread<undefined>({ kind: 'read', portable, database, made }, signal);
}

function inThread<Result>(task: PortableTask, signal: AbortSignal): Promise<Result> {
  return withStopFlag(signal, async (stop) => {
    const link = new WorkerLink<PortableJob, Result>(workerEntry('portableWorker'), undefined, 'transfer');
    try {
      return await link.request({ task, stop });
    } finally {
      await link.dispose();
    }
  });
}
