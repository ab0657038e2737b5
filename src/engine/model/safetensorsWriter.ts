import { open, type FileHandle } from 'node:fs/promises';
import type { TensorType } from './safetensors.ts';

/** A tensor to be written; `bytes` is called when its turn comes, so that one at a time is in memory. */
export interface WrittenTensor {
  readonly name: string;
  readonly type: TensorType;
  readonly shape: readonly number[];
  readonly bytes: () => Uint8Array;
}

const typeSizes: Readonly<Record<TensorType, number>> = { F32: 4, F16: 2, BF16: 2, I8: 1 };

/** Writes a safetensors file (https://huggingface.co/docs/safetensors) and waits until it is on the disk. */
export async function writeSafetensors(
  file: string,
  tensors: readonly WrittenTensor[],
  metadata: Readonly<Record<string, string>>,
): Promise<void> {
  const header: Record<string, unknown> = { __metadata__: metadata };
  let offset = 0;
  for (const { name, type, shape } of tensors) {
    const bytes = shape.reduce((a, b) => a * b, typeSizes[type]);
    header[name] = { dtype: type, shape, data_offsets: [offset, offset + bytes] };
    offset += bytes;
  }
  const json = Buffer.from(JSON.stringify(header));
  // Spaces at the end align what follows.
  const padded = Buffer.alloc(Math.ceil(json.length / 8) * 8, ' ');
  json.copy(padded);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(padded.length));
  const handle = await open(file, 'w');
  try {
    await writeAll(handle, length);
    await writeAll(handle, padded);
    for (const { bytes } of tensors) await writeAll(handle, bytes());
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function writeAll(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  let done = 0;
  while (done < bytes.length) done += (await handle.write(bytes, done)).bytesWritten;
}
