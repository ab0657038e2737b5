import path from 'node:path';
import { readJsonFile } from '../model/modelFiles.ts';
import { parseModelConfig } from '../model/modelConfig.ts';
import { readModelManifest } from '../model/modelManifest.ts';
import type { ByteMeter } from './byteMeter.ts';
import { downloadFile } from './downloadFile.ts';
import type { HubClient, HubFile, HubRepository } from './hubClient.ts';
import type { HubError } from './hubErrors.ts';
import type { NeededFiles } from './neededFiles.ts';

const parallelFiles = 4;

export interface ModelDownload {
  readonly client: HubClient;
  readonly repository: HubRepository;
  readonly needed: NeededFiles<HubFile>;
  readonly folder: string;
  readonly meter: ByteMeter;
  readonly onWait: (error: HubError) => void;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Fetches a model's files into a folder. The few kilobytes that decide whether it can run here come first and are
 * looked at before the hundreds of megabytes.
 */
export async function downloadModel(download: ModelDownload): Promise<void> {
  const { needed, folder } = download;
  await downloadAll(download, needed.descriptions);
  parseModelConfig(await readJsonFile(folder, 'config.json'));
  await readModelManifest(folder);
  await downloadAll(download, needed.rest);
}

/** A few at once; the first failure stops the others, which keep what they have. */
async function downloadAll(download: ModelDownload, files: readonly HubFile[]): Promise<void> {
  const { client, repository, folder, meter, onWait } = download;
  const failed = new AbortController();
  const signal = AbortSignal.any([failed.signal, ...(download.signal === undefined ? [] : [download.signal])]);
  const queue = [...files];
  const worker = async (): Promise<void> => {
    for (let file = queue.shift(); file !== undefined; file = queue.shift()) {
      const address = client.fileAddress(repository, file.path);
      const target = path.join(folder, ...file.path.split('/'));
      await downloadFile(client.connection, { file, address, page: repository.page, target, meter, signal, onWait });
    }
  };
  const workers = Array.from({ length: Math.min(parallelFiles, files.length) }, () =>
    worker().catch((error: unknown) => {
      failed.abort(error);
      throw error;
    }),
  );
  // All of them have let go of their files before anyone hears of the failure.
  const results = await Promise.allSettled(workers);
  download.signal?.throwIfAborted();
  const failure = results.find((result) => result.status === 'rejected');
  if (failure !== undefined) throw failed.signal.reason;
}
