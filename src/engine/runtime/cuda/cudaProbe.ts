import { cudaErrorCode, loadCudaAddon, type CudaErrorCode, type CudaProbe } from './addon.ts';

/** What a probe process sends back. */
export type CudaProbeReply =
  { readonly probe: CudaProbe } | { readonly code: CudaErrorCode | undefined; readonly message: string };

/**
 * A process of its own that loads the addon and asks it for devices: if a driver or a damaged binary takes it down, only it
 * is gone. Started by `probeCuda` with the addon's path.
 */
function probe(file: string): CudaProbeReply {
  try {
    return { probe: loadCudaAddon(file).probe() };
  } catch (error) {
    return { code: cudaErrorCode(error), message: error instanceof Error ? error.message : String(error) };
  }
}

process.send?.(probe(process.argv[2] ?? ''), () => process.disconnect());
