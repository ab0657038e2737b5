import { cudaAvailability } from '../../src/engine/runtime/cuda/availability.ts';

/** The addon that runs on this machine's GPU, or why the tests of `gpu/` are left out, which they say aloud. */
export async function gpuForTest(): Promise<{ readonly file: string; readonly missing: string | undefined }> {
  const cuda = await cudaAvailability();
  if (cuda.available) return { file: cuda.addon, missing: undefined };
  const missing = `NO GPU TEST RAN: ${cuda.reason}`;
  process.stderr.write(`${missing}\n`);
  return { file: '', missing };
}
