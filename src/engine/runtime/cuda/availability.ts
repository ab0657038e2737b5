import { fork } from 'node:child_process';
import { workerEntry } from '../../paths.ts';
import { findCudaAddon, type CudaDevice } from './addon.ts';
import type { CudaProbeReply } from './cudaProbe.ts';

/** Whether CUDA can be used here, and what says so. */
export type CudaAvailability =
  | { readonly available: true; readonly addon: string; readonly device: CudaDevice; readonly reason: string }
  | { readonly available: false; readonly reason: string };

/** Drivers initialise in a second or two; one that takes longer than this hangs. */
const patienceMs = 20_000;
const oldestCapability = 7.5;

/** Loads an addon in a process of its own and asks it for devices. Never rejects. */
export async function probeCuda(addon: string): Promise<CudaAvailability> {
  const reply = await askProbe(addon);
  if (typeof reply === 'string') return { available: false, reason: reply };
  if (!('probe' in reply)) return { available: false, reason: reasonOf(reply) };
  const device = reply.probe.devices[0];
  if (device === undefined) return { available: false, reason: 'NVIDIA’s driver finds no GPU.' };
  if (Number(device.capability) < oldestCapability) {
    return { available: false, reason: `${device.name} is older than compute capability ${oldestCapability}.` };
  }
  return { available: true, addon, device, reason: `${device.name}, compute capability ${device.capability}` };
}

function reasonOf({ code, message }: Extract<CudaProbeReply, { readonly message: string }>): string {
  return code === undefined ? `The CUDA addon does not load: ${message}` : message;
}

/** The probe's answer, or why there is none. */
function askProbe(addon: string): Promise<CudaProbeReply | string> {
  return new Promise((resolve) => {
    const child = fork(workerEntry('cudaProbe'), [addon], {
      execArgv: [],
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    const timer = setTimeout(() => {
      resolve('NVIDIA’s driver does not answer.');
      child.kill('SIGKILL');
    }, patienceMs);
    child.on('message', (reply) => resolve(reply as CudaProbeReply));
    child.on('error', (error) => resolve(`The CUDA addon cannot be probed: ${error.message}`));
    child.on('exit', (code, signal) => {
      clearTimeout(timer);
      resolve(`The CUDA addon ended its probe with ${signal ?? `code ${code ?? 0}`}.`);
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
