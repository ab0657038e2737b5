import type { ModelFolder } from '../../model/modelFolder.ts';
import { workerEntry } from '../../paths.ts';
import type { EncodeDevice } from '../encodeDevice.ts';
import type { EncodeRequest, EncodeSettings } from '../encodeWorker.ts';
import type { Matrix } from '../ortModel.ts';
import { WorkerLink } from '../workerLink.ts';
import type { ProviderName } from './providers.ts';

/** Enough to fill a small GPU, little enough for its memory and for a query to wait for. */
const batchTokens = 4096;

/** One session of ONNX Runtime on a GPU provider; the runner packs for it as for a device. */
export function providerDevice(model: ModelFolder, head: EncodeSettings['head'], provider: ProviderName): EncodeDevice {
  const settings: EncodeSettings = { folder: model.folder, threads: 1, head, precision: 'float32', provider };
  const link = new WorkerLink<EncodeRequest, Matrix>(workerEntry('encodeWorker'), settings, 'encoder');
  return { targets: [link], batchTokens, urgent: (request) => link.request(request) };
}
