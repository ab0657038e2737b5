import { spawnSync } from 'node:child_process';
import { cp, mkdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';

const root = path.join(import.meta.dirname, '..');
const modules = path.join(root, 'node_modules');
const bundled = path.join(root, 'dist', 'node_modules');
const bundledNative = path.join(root, 'dist', 'native');

/** VS Code platform targets and how each dependency names the same platform. */
export const targets = {
  'linux-x64': { sqlite: 'linux-x64', vec: 'sqlite-vec-linux-x64', ort: 'linux/x64', tokenizers: 'linux-x64-gnu' },
  'linux-arm64': {
    sqlite: 'linux-arm64',
    vec: 'sqlite-vec-linux-arm64',
    ort: 'linux/arm64',
    tokenizers: 'linux-arm64-gnu',
  },
  'darwin-arm64': {
    sqlite: 'darwin-arm64',
    vec: 'sqlite-vec-darwin-arm64',
    ort: 'darwin/arm64',
    tokenizers: 'darwin-arm64',
  },
  'win32-x64': { sqlite: 'win32-x64', vec: 'sqlite-vec-windows-x64', ort: 'win32/x64', tokenizers: 'win32-x64-msvc' },
} as const;
export type Target = keyof typeof targets;

export const hostTarget = `${process.platform}-${process.arch}`;

export function isTarget(name: string): name is Target {
  return name in targets;
}

async function copyModule(name: string, keep: (file: string) => boolean): Promise<void> {
  const from = path.join(modules, name);
  await cp(from, path.join(bundled, name), {
    recursive: true,
    dereference: true,
    filter: async (source) => {
      const relative = path.relative(from, source).split(path.sep).join('/');
      return relative === '' || (await stat(source)).isDirectory() || keep(relative);
    },
  });
}

const licence = (file: string): boolean => /^(package\.json|licen[cs]e.*|.*notices?.*\.txt)$/i.test(file);

/** Copies what the bundles load at run time, for one target, to `dist/node_modules`: nothing else goes into the package. */
async function bundleModules(target: Target, grammars: ReadonlySet<string>): Promise<void> {
  const names = targets[target];
  await rm(bundled, { recursive: true, force: true });
  await mkdir(bundled, { recursive: true });
  await copyModule(
    'better-sqlite3',
    (f) => licence(f) || f.startsWith('lib/') || f === `prebuilds/${names.sqlite}.node`,
  );
  await copyModule('sqlite-vec', (f) => licence(f) || /^index\.[cm]?js$/.test(f));
  await copyModule(names.vec, () => true);
  await copyModule('onnxruntime-common', (f) => licence(f) || (f.startsWith('dist/cjs/') && /\.js(on)?$/.test(f)));
  await copyModule(
    'onnxruntime-node',
    (f) => licence(f) || (f.startsWith('dist/') && f.endsWith('.js')) || f.startsWith(`bin/napi-v6/${names.ort}/`),
  );
  await copyModule('tokenizers', (f) => licence(f) || f === 'index.js' || f === `tokenizers.${names.tokenizers}.node`);
  await copyModule(
    '@vscode/tree-sitter-wasm',
    (f) => licence(f) || /^wasm\/tree-sitter\.(js|wasm)$/.test(f) || grammars.has(f),
  );
  await copyModule('@cursorless/tree-sitter-wasms', (f) => licence(f) || grammars.has(f));
}

/** The CUDA addon, where `npm run native` has built one for the target. */
async function bundleAddon(target: Target): Promise<void> {
  await rm(bundledNative, { recursive: true, force: true });
  const addon = path.join(root, 'native', 'build', target, 'sextant_cuda.node');
  const built = await stat(addon).catch(() => undefined);
  if (built?.isFile() === true) await cp(addon, path.join(bundledNative, 'sextant_cuda.node'));
}

async function grammarFiles(): Promise<ReadonlySet<string>> {
  const { grammarSpecifiers } = await import('../src/engine/chunk/grammars.ts');
  return new Set(grammarSpecifiers().map((specifier) => specifier.split('/').slice(2).join('/')));
}

/**
 * Builds `sextant-<target>-<version>.vsix` in the repository's root and returns its path.
 *
 * @throws when a platform's binaries are not installed: npm installs only this machine's sqlite-vec unless told otherwise.
 */
export async function packageExtension(target: Target): Promise<string> {
  await bundleModules(target, await grammarFiles());
  await bundleAddon(target);
  const { default: manifest } = (await import('../package.json', { with: { type: 'json' } })) as {
    default: { version: string };
  };
  const output = path.join(root, `sextant-${target}-${manifest.version}.vsix`);
  const vsce = path.join(modules, '@vscode', 'vsce', 'vsce');
  const args = [vsce, 'package', '--no-dependencies', '--target', target, '--out', output];
  args.push('--allow-missing-repository', '--skip-license', '--no-rewrite-relative-links');
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' });
  for (const folder of [bundled, bundledNative]) await rm(folder, { recursive: true, force: true });
  if (status !== 0) throw new Error(`vsce failed:\n${stdout}${stderr}`);
  return output;
}

if (import.meta.main) {
  const wanted = process.argv.slice(2);
  const list = wanted.length > 0 ? wanted : [hostTarget];
  for (const name of list) {
    if (!isTarget(name)) throw new Error(`unknown target «${name}»; one of ${Object.keys(targets).join(', ')}`);
    const file = await packageExtension(name);
    console.log(`${path.relative(process.cwd(), file)}  ${((await stat(file)).size / 1e6).toFixed(1)} MB`);
  }
}
