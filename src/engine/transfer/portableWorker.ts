import { SextantError } from '../../shared/errors.ts';
import { serveRequests } from '../runtime/serveRequests.ts';
import { isStopped } from '../runtime/stopFlag.ts';
import { withheldChunks } from '../secrets/scanSecrets.ts';
import type { PortableContents } from '../store/portableTables.ts';
import { readPortable } from '../store/readPortable.ts';
import { writePortable } from '../store/writePortable.ts';
import type { PortableJob } from './portableJob.ts';

function run({ task, stop }: PortableJob): PortableContents | undefined {
  const checkpoint = (): void => {
    if (isStopped(stop)) throw new SextantError('cancelled', 'The transfer was stopped.');
  };
  if (task.kind === 'read') {
    readPortable(task.portable, task.database, { ...task.made, checkpoint });
    return undefined;
  }
  const isWithheld = (name: string, texts: readonly string[]): boolean => withheldChunks(name, texts).size > 0;
  return writePortable(task.database, task.portable, { isWithheld, checkpoint });
}

serveRequests((job: PortableJob) => Promise.resolve({ result: run(job), transfer: [] }));
