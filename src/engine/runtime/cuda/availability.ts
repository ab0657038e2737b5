import { fork } from 'node:child_process';
import { workerEntry } from '../../paths.ts';
import { findCudaAddon, generationOf, oldestGeneration, type CudaDevice } from './addon.ts';
import type { CudaProbeReply } from './cudaProbe.ts';

/** Whether CUDA can be used here, and what says so. */
export type CudaAvailability =
  | {
      readonly available: true;
      readonly addon: string;
      readonly device: CudaDevice;
      /** Whose kernels are used: the device's own, or earlier ones where those fail. */
      readonly generation: number;
      readonly reason: string;
    }
  | { readonly available: false; readonly reason: string };

/** Drivers initialise in a second or two; one that takes longer than this hangs. */
const patienceMs = 20_000;
/** Hopper's own kernels do matrix products in a way of their own; it runs those of the generation before as well. */
const hopper = 90;
const beforeHopper = 80;

/** What a probe process said before it ended. */
interface Probed {
  devices?: readonly CudaDevice[];
  checked?: number;
  /** Why it said no more. */
  failure?: string;
}

/** Loads an addon in a process of its own, asks it for devices and has the first one compute. Never rejects. */
export async function probeCuda(addon: string): Promise<CudaAvailability> {
  const own = await askProbe(addon);
  const failure = own.failure ?? endedSilently;
  if (own.devices === undefined) return { available: false, reason: failure };
  const [device] = own.devices;
  if (device === undefined) return { available: false, reason: 'NVIDIA’s driver finds no GPU.' };
  const name = `${device.name}, compute capability ${device.capability}`;
  if (generationOf(device) < oldestGeneration) {
    const oldest = (oldestGeneration / 10).toFixed(1);
    return { available: false, reason: `${device.name} is older than compute capability ${oldest}.` };
  }
  if (own.checked !== undefined) return { available: true, addon, device, generation: own.checked, reason: name };
  if (generationOf(device) === hopper) {
    const { checked } = await askProbe(addon, beforeHopper);
    if (checked !== undefined) {
      const reason = `${name}, without the kernels made for it: ${failure}`;
      return { available: true, addon, device, generation: checked, reason };
    }
  }
  return { available: false, reason: `${device.name}: ${failure}` };
}

const endedSilently = 'The CUDA addon ended its probe without a word.';

function askProbe(addon: string, earlier?: number): Promise<Probed> {
  return new Promise((resolve) => {
    const probed: Probed = {};
    const child = fork(workerEntry('cudaProbe'), [addon, ...(earlier === undefined ? [] : [String(earlier)])], {
      execArgv: [],
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    // For the driver, and once more for the kernels, which a driver newer than this build translates first.
    const timer = setTimeout(() => {
      const kernels = probed.devices !== undefined;
      const failure = kernels ? 'Its kernels do not come to an end.' : 'NVIDIA’s driver does not answer.';
      resolve({ ...probed, failure });
      child.kill('SIGKILL');
    }, patienceMs);
    child.on('message', (message) => {
      const reply = message as CudaProbeReply;
      if ('probe' in reply) {
        probed.devices = reply.probe.devices;
        timer.refresh();
      } else if ('checked' in reply) probed.checked = reply.checked;
      else probed.failure = reply.code === undefined ? `The CUDA addon does not load: ${reply.message}` : reply.message;
    });
    child.on('error', (error) => resolve({ ...probed, failure: `The CUDA addon cannot be probed: ${error.message}` }));
    child.on('exit', (code, signal) => {
      clearTimeout(timer);
      if (code === 0) resolve(probed);
      else resolve({ ...probed, failure: `The CUDA addon ended its probe with ${signal ?? `code ${code ?? 0}`}.` });
    });
  });
}

let current: Promise<CudaAvailability> | undefined;
let known: CudaAvailability | undefined;

/** Whether this process may use CUDA; found out once. */
export function cudaAvailability(): Promise<CudaAvailability> {
  current ??= find().then((availability) => (known = availability));
  return current;
}

/** What is known so far, for reports that must not wait. */
export function knownCudaAvailability(): CudaAvailability {
  return known ?? { available: false, reason: 'Not looked for: the settings ask for another backend.' };
}

async function find(): Promise<CudaAvailability> {
  const addon = findCudaAddon();
  if (addon === undefined) return { available: false, reason: 'No CUDA addon in this build.' };
  return await probeCuda(addon);
}
