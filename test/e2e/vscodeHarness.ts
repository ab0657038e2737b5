import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { TestContext } from 'node:test';
import { installExtension, startCodeServer, type CodeServer } from '../../scripts/codeServer.ts';
import { bundleSuite } from '../../scripts/testDesktop.ts';
import { hostTarget, isTarget, packageExtension } from '../../scripts/package.ts';
import { buildExtension } from '../support/buildExtension.ts';

export const repository = path.join(import.meta.dirname, '..', '..');
const fixture = path.join(repository, 'test', 'fixtures', 'workspace');

/** What would move, pop up or ask the network in a fresh VS Code. */
const quietSettings = {
  'workbench.startupEditor': 'none',
  'workbench.tips.enabled': false,
  'workbench.enableExperiments': false,
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'window.autoDetectColorScheme': false,
  'window.commandCenter': false,
  'chat.commandCenter.enabled': false,
  'extensions.autoCheckUpdates': false,
  'extensions.ignoreRecommendations': true,
  'security.workspace.trust.enabled': false,
  'telemetry.telemetryLevel': 'off',
  'git.openRepositoryInParentFolders': 'never',
  'editor.minimap.enabled': false,
  // The fixture's packages are not installed.
  'typescript.validate.enable': false,
  'javascript.validate.enable': false,
  'files.autoSave': 'off',
};

/** The packaged extension: the one of `SEXTANT_VSIX`, or packaged now from the build. */
export async function packagedExtension(): Promise<string> {
  const given = process.env['SEXTANT_VSIX'];
  if (given !== undefined) return path.resolve(given);
  if (!isTarget(hostTarget)) throw new Error(`No package can be made for ${hostTarget}.`);
  if (!existsSync(path.join(repository, 'dist', 'extension.cjs'))) buildExtension();
  return packageExtension(hostTarget);
}

/** The suite of `test/integration` as a second extension. */
export async function packagedSuite(folder: string): Promise<string> {
  const source = path.join(repository, 'test', 'integration');
  const staging = path.join(folder, 'suite');
  await mkdir(staging, { recursive: true });
  await cp(path.join(source, 'extension'), staging, { recursive: true });
  await bundleSuite(path.join(staging, 'suite.cjs'));
  const output = path.join(folder, 'suite.vsix');
  const vsce = path.join(repository, 'node_modules', '@vscode', 'vsce', 'vsce');
  const args = [vsce, 'package', '--no-dependencies', '--allow-missing-repository', '--skip-license', '--out', output];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: staging, encoding: 'utf8' });
  if (status !== 0) throw new Error(`The suite could not be packaged:\n${stdout}${stderr}`);
  return output;
}

export interface Sandbox {
  /** Removed after the test. */
  readonly folder: string;
  /** A writable copy, outside of any other git repository. */
  readonly workspace: string;
  readonly extensionsDir: string;
  readonly userDataDir: string;
  /** Replaces the user's settings; VS Code takes them over at once. */
  configure(settings: Readonly<Record<string, unknown>>): Promise<void>;
  install(vsix: string): Promise<void>;
  /** `trusted: false` starts it with workspace trust, so that the folder opens in Restricted Mode. */
  start(env?: Readonly<Record<string, string>>, options?: { readonly trusted?: boolean }): Promise<CodeServer>;
  /** Sextant's log files, for the message of a failed test. */
  logs(): Promise<string>;
}

type Cleanup = Pick<TestContext, 'after'>;

/** A fresh VS Code user with a copy of a workspace, the fixture's where none is given; `scope` takes both away when it ends. */
export async function createSandbox(scope: Cleanup, source = fixture): Promise<Sandbox> {
  const folder = await mkdtemp(path.join(tmpdir(), 'sextant-e2e-'));
  const workspace = path.join(folder, source === fixture ? 'harbour' : path.basename(source));
  const extensionsDir = path.join(folder, 'extensions');
  const userDataDir = path.join(folder, 'data');
  let server: CodeServer | undefined;
  scope.after(async () => {
    await server?.stop();
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  });
  await cp(source, workspace, { recursive: true });
  await mkdir(path.join(userDataDir, 'User'), { recursive: true });
  const configure = async (settings: Readonly<Record<string, unknown>>): Promise<void> => {
    const file = path.join(userDataDir, 'User', 'settings.json');
    await writeFile(file, JSON.stringify({ ...quietSettings, ...settings }, null, 2));
  };
  await configure({});
  return {
    folder,
    workspace,
    extensionsDir,
    userDataDir,
    configure,
    install: (vsix) => installExtension({ vsix, extensionsDir, userDataDir }),
    start: async (env = {}, { trusted = true } = {}) => {
      server = await startCodeServer({ folder: workspace, extensionsDir, userDataDir, env, trusted });
      return server;
    },
    logs: () => sextantLogs(userDataDir),
  };
}

async function sextantLogs(userDataDir: string): Promise<string> {
  const files = await readdir(path.join(userDataDir, 'logs'), { recursive: true }).catch(() => []);
  const own = files.filter((file) => path.basename(file) === 'Sextant.log');
  const texts = await Promise.all(own.map((file) => readFile(path.join(userDataDir, 'logs', file), 'utf8')));
  return texts.join('\n').slice(-6000);
}

/** Process ids of the engines that run out of this sandbox's extensions. */
export async function enginePids({ extensionsDir }: Sandbox): Promise<number[]> {
  const pids: number[] = [];
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const command = await readFile(`/proc/${name}/cmdline`, 'utf8').catch(() => '');
    if (command.includes(extensionsDir) && command.includes('engine.mjs')) pids.push(Number(name));
  }
  return pids;
}
