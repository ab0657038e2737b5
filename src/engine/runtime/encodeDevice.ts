import type { EncodeRequest } from './encodeWorker.ts';
import type { Matrix } from './ortModel.ts';

/** Something that runs packed batches: a thread with a session of ONNX Runtime, or a place on a device. */
export interface EncodeTarget {
  request(request: EncodeRequest, transfer?: readonly ArrayBuffer[]): Promise<Matrix>;
  dispose(): Promise<void>;
}

/** A device that takes batches of its own measure instead of the CPU's. */
export interface EncodeDevice {
  /** As many as may be under way at once; disposing one disposes the device. */
  readonly targets: readonly EncodeTarget[];
  /** Tokens of the next batch. */
  readonly batchTokens: number;
  /** Runs a query ahead of all documents. */
  urgent(request: EncodeRequest): Promise<Matrix>;
}
