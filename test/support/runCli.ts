import { spawn } from 'node:child_process';
import path from 'node:path';

const repository = path.join(import.meta.dirname, '..', '..');
const source = path.join(repository, 'src', 'cli', 'main.ts');
const bundle = path.join(repository, 'dist', 'cli.mjs');

export interface CliResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliOptions {
  /** Storage of the indexes; give each test its own. */
  readonly home: string;
  readonly cwd?: string;
  /** Runs the bundle that users have; see `buildExtension`. */
  readonly built?: boolean;
  /** Added to the environment. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs the command line as its own process, from source unless the bundle is asked for. */
export function runCli(
  args: readonly string[],
  { home, cwd, built = false, env: added }: CliOptions,
): Promise<CliResult> {
  // Servers of tests are on this machine, whatever proxy it has.
  const direct = { NO_PROXY: '127.0.0.1', no_proxy: '127.0.0.1' };
  const env = { ...process.env, ...direct, ...added, SEXTANT_HOME: home, NO_COLOR: '1' };
  const child = spawn(process.execPath, [built ? bundle : source, ...args], {
    cwd,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
}
