import {
  cudaErrorCode,
  generationOf,
  loadCudaAddon,
  oldestGeneration,
  type CudaErrorCode,
  type CudaProbe,
} from './addon.ts';

/** What a probe process sends: first what devices there are, then whether the first one computes as it should. */
export type CudaProbeReply =
  | { readonly probe: CudaProbe }
  /** The generation whose kernels were tried. */
  | { readonly checked: number }
  | { readonly code: CudaErrorCode | undefined; readonly message: string };

/**
 * A process of its own that loads the addon and tries it: if a driver, a damaged binary or a kernel takes it down, only it is
 * gone. Started by `probeCuda` with the addon's path and, where not the device's own kernels are wanted, an earlier generation.
 */
function* probe(file: string, earlier: string | undefined): Generator<CudaProbeReply> {
  try {
    const addon = loadCudaAddon(file);
    const found = addon.probe();
    yield { probe: found };
    const [device] = found.devices;
    if (device === undefined || generationOf(device) < oldestGeneration) return;
    const generation = earlier === undefined ? generationOf(device) : Number(earlier);
    addon.check('cuda', 0, generation);
    yield { checked: generation };
  } catch (error) {
    yield { code: cudaErrorCode(error), message: error instanceof Error ? error.message : String(error) };
  }
}

const [file = '', earlier] = process.argv.slice(2);
for (const reply of probe(file, earlier)) {
  // Awaited, or what was found would be lost with a process that the check takes down.
  await new Promise((sent) => process.send?.(reply, sent));
}
process.disconnect();
