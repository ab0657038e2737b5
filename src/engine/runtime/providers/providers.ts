import { fork } from 'node:child_process';
import { SextantError } from '../../../shared/errors.ts';
import { workerEntry } from '../../paths.ts';
import type { BackendReport } from '../backends.ts';
import type { ProviderProbeReply } from './providerProbe.ts';

/** GPU back ends that ONNX Runtime may bring, by our names, and what it calls them. */
export const providers = { directml: 'dml', coreml: 'coreml', webgpu: 'webgpu' } as const;
export type ProviderName = keyof typeof providers;

/** Drivers and shader compilers take their time on first use; one that takes longer than this hangs. */
const patienceMs = 60_000;

export function isProvider(name: string): name is ProviderName {
  return Object.hasOwn(providers, name);
}

/**
 * Runs the model on the provider and on the CPU in a process of its own, and compares: a driver that crashes, hangs or
 * computes nonsense takes nothing else with it. Never rejects.
 */
export function probeProvider(name: ProviderName, folder: string): Promise<BackendReport> {
  const report = (available: boolean, reason: string): BackendReport => ({ name, available, reason });
  return new Promise((resolve) => {
    const child = fork(workerEntry('providerProbe'), [name, folder], {
      execArgv: [],
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    const timer = setTimeout(() => {
      resolve(report(false, 'It does not answer.'));
      child.kill('SIGKILL');
    }, patienceMs);
    child.on('message', (message) => {
      const { available, reason } = message as ProviderProbeReply;
      resolve(report(available, reason));
    });
    child.on('error', (error) => resolve(report(false, `It cannot be probed: ${error.message}`)));
    child.on('exit', (code, signal) => {
      clearTimeout(timer);
      resolve(report(false, `Its probe ended with ${signal ?? `code ${code ?? 0}`}.`));
    });
  });
}

/** What is known of every provider; `folder` holds the model to try them with. */
export function inspectProviders(folder: string): Promise<BackendReport[]> {
  return Promise.all((Object.keys(providers) as ProviderName[]).map((name) => probeProvider(name, folder)));
}

/** @throws SextantError `runtime_unavailable` with what the probe found. */
export async function requireProvider(name: ProviderName, folder: string): Promise<BackendReport> {
  const report = await probeProvider(name, folder);
  if (report.available) return report;
  throw new SextantError('runtime_unavailable', `${name} cannot run the model: ${report.reason}`, {
    hint: 'Set the backend to “auto” or “cpu”.',
  });
}
