// A real VS Code from the npm registry (code-server), for `npm run vscode` where there is no desktop VS Code, and for
// the end-to-end tests.
import { execFile, spawn, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const repository = dirname(dirname(fileURLToPath(import.meta.url)));

export interface SetupOptions {
  /** The repository; its `.tools/` holds what is installed. */
  readonly root?: string;
  readonly log?: Log;
}

/** Pinned: the end-to-end tests know this workbench. */
export const codeServerVersion = '4.139.1';

/** Headers that code-server's native modules are compiled against. */
const buildPackages = ['libkrb5-dev', 'libsecret-1-dev', 'libx11-dev', 'libxkbfile-dev', 'g++', 'make', 'python3'];
const browserPackages = ['chromium', 'fonts-dejavu-core'];
const browserNames = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

type Log = (text: string) => void;

/** Something is missing that this script may not or cannot install; the message says in one line what to do. */
export class SetupError extends Error {}

function onPath(name: string): string | undefined {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    const candidate = join(folder, name);
    try {
      accessSync(candidate, constants.X_OK);
      return candidate;
    } catch {
      // not in this folder
    }
  }
  return undefined;
}

async function isInstalled(name: string): Promise<boolean> {
  try {
    const { stdout } = await run('dpkg-query', ['-W', '-f=${Status}', name]);
    return stdout.endsWith('ok installed');
  } catch {
    return false;
  }
}

function stream(command: string, args: readonly string[], options: SpawnOptions, log?: Log): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    let tail = '';
    const keep = (data: Buffer): void => {
      tail = (tail + data.toString()).slice(-4000);
      log?.(data.toString());
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`${command} ${args.slice(0, 2).join(' ')} ended with ${code}:\n${tail}`));
    });
  });
}

/** Installs the Debian packages that are missing when it may, else says which command would. */
async function ensureDebianPackages(
  names: readonly string[],
  { purpose, log }: { purpose: string; log?: Log | undefined },
): Promise<void> {
  const missing: string[] = [];
  if (onPath('dpkg-query') === undefined) return;
  for (const name of names) if (!(await isInstalled(name))) missing.push(name);
  if (missing.length === 0) return;
  const command = `apt-get install -y ${missing.join(' ')}`;
  if (process.getuid?.() !== 0) throw new SetupError(`${purpose} needs Debian packages; run: sudo ${command}`);
  log?.(`Installing ${missing.join(', ')}…\n`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const install = ['install', '-y', '--no-install-recommends', ...missing];
  try {
    await stream('apt-get', install, { env }).catch(async () => {
      await stream('apt-get', ['update', '-q'], { env });
      await stream('apt-get', install, { env });
    });
  } catch (cause) {
    throw new SetupError(`${purpose} needs Debian packages that apt-get could not install; run: ${command}`, { cause });
  }
}

function codeServerFolder(root: string): string {
  return join(root, '.tools', `code-server-${codeServerVersion}`);
}

function entryOf(folder: string): string {
  return join(folder, 'node_modules', 'code-server', 'out', 'node', 'entry.js');
}

/**
 * Makes sure that code-server is installed under `.tools/` and returns its entry script, to be run by this Node.
 * A second call returns at once; an interrupted install leaves nothing that a later call would take for whole.
 *
 * @throws {SetupError} where it cannot be installed; the message says what to do
 */
export async function ensureCodeServer({ root = repository, log }: SetupOptions = {}): Promise<string> {
  const folder = codeServerFolder(root);
  const entry = entryOf(folder);
  if (existsSync(entry)) return entry;
  await ensureDebianPackages(buildPackages, { purpose: 'VS Code in the browser (code-server)', log });
  log?.(`Installing code-server ${codeServerVersion} (once; takes a few minutes)…\n`);
  const partial = `${folder}.partial`;
  await rm(partial, { recursive: true, force: true });
  await mkdir(partial, { recursive: true });
  try {
    await installFromNpm(partial);
  } catch (cause) {
    await rm(partial, { recursive: true, force: true });
    throw new SetupError(
      `code-server ${codeServerVersion} could not be installed from the npm registry; check the network, then try again`,
      { cause },
    );
  }
  await rm(folder, { recursive: true, force: true });
  await rename(partial, folder);
  return entry;
}

async function installFromNpm(folder: string): Promise<void> {
  await writeFile(join(folder, 'package.json'), JSON.stringify({ private: true, name: 'sextant-code-server' }));
  const nodeHome = dirname(dirname(process.execPath));
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    PATH: `${dirname(process.execPath)}${delimiter}${process.env['PATH'] ?? ''}`,
  };
  // What an outer npm says of its own Node would be believed by install scripts, and it may be an older one.
  for (const key of ['npm_config_user_agent', 'npm_node_execpath', 'NODE']) Reflect.deleteProperty(env, key);
  // Without headers next to this Node, node-gyp would download them from outside the registry.
  if (existsSync(join(nodeHome, 'include', 'node', 'node.h'))) env['npm_config_nodedir'] = nodeHome;
  // The repository's .npmrc turns install scripts off; code-server's own script is what installs VS Code's modules.
  const args = ['install', `code-server@${codeServerVersion}`, '--ignore-scripts=false', '--no-audit', '--no-fund'];
  await stream('npm', args, { cwd: folder, env });
  if (!existsSync(entryOf(folder))) throw new Error('the package has no entry script');
  await run(process.execPath, [entryOf(folder), '--version'], { env });
}

/**
 * The browser for the end-to-end tests.
 *
 * @throws {SetupError} where there is none and none can be installed
 */
export async function ensureChromium({ log }: Pick<SetupOptions, 'log'> = {}): Promise<string> {
  const find = (): string | undefined => browserNames.map(onPath).find((path) => path !== undefined);
  const found = find();
  if (found !== undefined) return found;
  await ensureDebianPackages(browserPackages, { purpose: 'The end-to-end test', log });
  const installed = find();
  if (installed === undefined) throw new SetupError('The end-to-end test needs Chromium; install it and try again');
  return installed;
}

/** Variables of an outer VS Code or npm run must not steer the one we start. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    PATH: `${dirname(process.execPath)}${delimiter}${process.env['PATH'] ?? ''}`,
  };
  for (const key of Object.keys(env)) {
    if (/^(VSCODE_|ELECTRON_|npm_|NODE_OPTIONS$|NODE_TEST_CONTEXT$|PORT$|PASSWORD$)/.test(key))
      Reflect.deleteProperty(env, key);
  }
  return env;
}

export interface InstallOptions {
  readonly vsix: string;
  readonly extensionsDir: string;
  readonly userDataDir: string;
  readonly root?: string;
}

/** Installs a packaged extension. */
export async function installExtension({ vsix, extensionsDir, userDataDir, root }: InstallOptions): Promise<void> {
  const entry = await ensureCodeServer(root === undefined ? {} : { root });
  const args = ['--extensions-dir', extensionsDir, '--user-data-dir', userDataDir, '--install-extension', vsix];
  const { stdout, stderr } = await run(process.execPath, [entry, ...args, '--force'], { env: cleanEnvironment() });
  if (!/successfully installed/i.test(stdout)) throw new Error(`${vsix} was not installed:\n${stdout}${stderr}`);
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

async function untilHealthy(url: string, child: ChildProcess, output: () => string): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (Date.now() < deadline) {
    if (child.exitCode !== null) throw new Error(`code-server ended with ${child.exitCode}:\n${output()}`);
    try {
      const response = await fetch(`${url}/healthz`);
      if (response.ok) return;
    } catch {
      // not listening yet
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`code-server did not answer within a minute:\n${output()}`);
}

export interface StartOptions extends SetupOptions {
  readonly folder?: string;
  readonly extensionsDir: string;
  readonly userDataDir: string;
  /** Absent: a free one. */
  readonly port?: number;
  /** False leaves workspace trust on, so that Restricted Mode can be tested. */
  readonly trusted?: boolean;
  readonly env?: Readonly<Record<string, string>>;
}

export interface CodeServer {
  /** Opens the workbench on the folder. */
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** The end of what the server printed. */
  readonly output: () => string;
  /** Ends the server and all that it started. */
  readonly stop: () => Promise<void>;
}

/** Starts VS Code on this machine only, without a password, and waits until it answers. */
export async function startCodeServer(options: StartOptions): Promise<CodeServer> {
  const { folder, extensionsDir, userDataDir, trusted = true, root, env = {}, log } = options;
  const entry = await ensureCodeServer({ ...(root === undefined ? {} : { root }), ...(log ? { log } : {}) });
  const port = options.port ?? (await freePort());
  await mkdir(extensionsDir, { recursive: true });
  await mkdir(userDataDir, { recursive: true });
  const args = ['--auth', 'none', '--bind-addr', `127.0.0.1:${port}`, '--disable-telemetry', '--disable-update-check'];
  args.push('--disable-getting-started-override', '--extensions-dir', extensionsDir, '--user-data-dir', userDataDir);
  // An own configuration file keeps the user's one out of it, and none is written to the home folder.
  args.push('--config', join(userDataDir, 'code-server.yaml'));
  if (trusted) args.push('--disable-workspace-trust');
  await writeFile(join(userDataDir, 'code-server.yaml'), 'auth: none\n');
  const child = spawn(process.execPath, [entry, ...args], {
    env: { ...cleanEnvironment(), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    // Its own process group, so that stopping it reaches the extension hosts too.
    detached: true,
  });
  let tail = '';
  const keep = (data: Buffer): void => {
    tail = (tail + data.toString()).slice(-20_000);
    log?.(data.toString());
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const stop = (): Promise<void> => stopGroup(child);
  const base = `http://127.0.0.1:${port}`;
  try {
    await untilHealthy(base, child, () => tail);
  } catch (error) {
    await stop();
    throw error;
  }
  const url = folder === undefined ? `${base}/?ew=true` : `${base}/?folder=${encodeURIComponent(folder)}`;
  return { url, port, pid: child.pid!, output: () => tail, stop };
}

async function stopGroup(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const signal = (name: NodeJS.Signals): void => {
    try {
      process.kill(-child.pid!, name);
    } catch {
      // the group is gone already
    }
  };
  signal('SIGTERM');
  const timer = setTimeout(() => signal('SIGKILL'), 5000);
  await ended;
  clearTimeout(timer);
  signal('SIGKILL');
}
