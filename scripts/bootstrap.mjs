// The one entry of every npm script. It must run on whatever Node the user has (18 and up), so it is plain JavaScript
// with no dependency: it finds or installs a Node that is new enough, then the packages, then the build, then the task.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..');
const toolsDir = path.join(root, '.tools');
const nodeVersion = '24.21.0';
const minimumMajor = 24;

/** Ends with one line that says what is missing and what to do about it. */
function fail(message) {
  process.stderr.write(`sextant: ${message}\n`);
  process.exit(1);
}

function say(message) {
  process.stderr.write(`sextant: ${message}\n`);
}

/** npm as this process was started by it, or the one on the PATH. Its output goes to stderr: stdout is the task's. */
function npm(args, env = {}) {
  const script = process.env.npm_execpath;
  const [command, prefix] = script?.endsWith('.js') ? [process.execPath, [script]] : ['npm', []];
  const result = spawnSync(command, [...prefix, ...args], {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    encoding: 'utf8',
    shell: process.platform === 'win32' && command === 'npm',
  });
  return { ok: result.status === 0, output: `${result.stdout ?? ''}${result.stderr ?? ''}` };
}

function lastError(output) {
  const lines = output.split('\n').filter((line) => /npm (error|ERR!)/.test(line));
  return (lines[1] ?? lines[0] ?? output.trim().split('\n').pop() ?? '').replace(/^npm (error|ERR!)\s*/, '');
}

/** A Node that is new enough: this one, or the one the npm registry has for this platform, kept in `.tools/`. */
function newEnoughNode() {
  if (Number(process.versions.node.split('.')[0]) >= minimumMajor) return process.execPath;
  const name = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
  const home = path.join(toolsDir, `node-${nodeVersion}`);
  const binary = path.join(home, 'node_modules', name, 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
  if (existsSync(binary)) return binary;
  say(`Node ${process.versions.node} is too old; installing Node ${nodeVersion} into .tools/ …`);
  const staging = `${home}.${process.pid}`;
  rmSync(staging, { recursive: true, force: true });
  mkdirSync(staging, { recursive: true });
  writeFileSync(path.join(staging, 'package.json'), '{"private":true}');
  const { ok, output } = npm([
    'install',
    '--prefix',
    staging,
    '--no-save',
    '--ignore-scripts',
    `${name}@${nodeVersion}`,
  ]);
  if (!ok) {
    rmSync(staging, { recursive: true, force: true });
    fail(
      `Node ${minimumMajor} or newer is needed and could not be installed (${lastError(output)}). Install it, or connect to the npm registry, and try again.`,
    );
  }
  rmSync(home, { recursive: true, force: true });
  renameSync(staging, home);
  return binary;
}

function digest(files) {
  const hash = createHash('sha256').update(process.versions.modules);
  for (const file of files) hash.update(readFileSync(path.join(root, file)));
  return hash.digest('hex');
}

/** Installs the locked dependencies unless the last complete installation was of this very lock file. */
function ensureDependencies() {
  const stamp = path.join(root, 'node_modules', '.sextant-installed');
  const wanted = digest(['package-lock.json', '.npmrc']);
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  say('installing packages (about a minute, once) …');
  const { ok, output } = npm(['ci', '--ignore-scripts', '--no-audit', '--no-fund']);
  if (!ok)
    fail(
      `packages could not be installed (${lastError(output)}). Check the connection to the npm registry and try again.`,
    );
  writeFileSync(stamp, wanted);
}

function newest(directory, latest = 0) {
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const file = path.join(directory, entry.name);
    if (entry.isDirectory()) latest = newest(file, latest);
    else latest = Math.max(latest, statSync(file).mtimeMs);
  }
  return latest;
}

/** Runs a script of ours under this Node; resolves with its exit code. Interrupts reach it through the process group. */
function run(args, options = {}) {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, args, { cwd: root, stdio: 'inherit', ...options });
    const forward = (signal) => child.kill(signal);
    process.on('SIGTERM', forward);
    process.on('SIGINT', () => {});
    child.on('error', (error) => fail(error.message));
    child.on('exit', (code, signal) => {
      process.off('SIGTERM', forward);
      resolve(signal ? 1 : (code ?? 1));
    });
  });
}

async function ensureBuild() {
  const stamp = path.join(root, 'dist', '.built');
  const sources = Math.max(newest(path.join(root, 'src')), statSync(path.join(root, 'scripts', 'build.ts')).mtimeMs);
  if (existsSync(stamp) && statSync(stamp).mtimeMs > sources) return;
  const code = await run(['scripts/build.ts'], { stdio: ['ignore', 2, 2] });
  if (code !== 0) fail('the build failed; the lines above say where.');
}

const tasks = {
  start: { build: true, args: ['scripts/start.ts'] },
  test: { build: true, args: ['scripts/test.ts'] },
  sextant: { build: true, args: ['dist/cli.mjs'], callerDirectory: true },
  vscode: { build: true, args: ['scripts/vscode.ts'], callerDirectory: true },
  'test:desktop': { build: true, args: ['scripts/testDesktop.ts'] },
  check: { build: false, args: ['scripts/check.ts'] },
  build: { build: false, args: ['scripts/build.ts'] },
  native: { build: false, args: ['scripts/native.ts'] },
  package: { build: true, args: ['scripts/package.ts'] },
};

const [name, ...rest] = process.argv.slice(2);
const task = tasks[name];
if (!task) fail(`unknown task «${name ?? ''}»; one of ${Object.keys(tasks).join(', ')}.`);

const node = newEnoughNode();
if (node !== process.execPath) {
  const env = { ...process.env, PATH: `${path.dirname(node)}${path.delimiter}${process.env.PATH ?? ''}` };
  const child = spawn(node, [fileURLToPath(import.meta.url), name, ...rest], { stdio: 'inherit', env });
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  process.on('SIGINT', () => {});
  child.on('exit', (code, signal) => process.exit(signal ? 1 : (code ?? 1)));
} else {
  ensureDependencies();
  if (task.build) await ensureBuild();
  const cwd = task.callerDirectory ? (process.env.INIT_CWD ?? process.cwd()) : root;
  const args = task.args.map((argument) => (/\.(ts|mjs)$/.test(argument) ? path.join(root, argument) : argument));
  process.exitCode = await run([...args, ...rest], { cwd });
}
