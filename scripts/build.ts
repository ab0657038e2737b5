import { build, type BuildOptions } from 'esbuild';
import { cp, mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';

const root = path.join(import.meta.dirname, '..');
const dist = path.join(root, 'dist');

/** Packages with binaries or data of their own: they stay in `node_modules` and are resolved at run time. */
export const externalPackages = [
  'better-sqlite3',
  'sqlite-vec',
  'onnxruntime-node',
  'tokenizers',
  '@vscode/tree-sitter-wasm',
  '@cursorless/tree-sitter-wasms',
];

const common: BuildOptions = {
  absWorkingDir: root,
  bundle: true,
  minify: true,
  sourcemap: true,
  sourcesContent: false,
  legalComments: 'linked',
  logLevel: 'warning',
  target: 'node22',
  platform: 'node',
};

/** Bundled CommonJS dependencies call `require`; ESM has none of its own. */
const requireBanner = `import { createRequire as sextantCreateRequire } from 'node:module'; const require = sextantCreateRequire(import.meta.url);`;

const bundles: BuildOptions[] = [
  {
    ...common,
    entryPoints: { extension: 'src/extension/extension.ts' },
    outdir: dist,
    format: 'cjs',
    outExtension: { '.js': '.cjs' },
    external: ['vscode'],
  },
  {
    ...common,
    entryPoints: {
      engine: 'src/engine/main.ts',
      cli: 'src/cli/main.ts',
      chunkWorker: 'src/engine/index/chunkWorker.ts',
      tokenizeWorker: 'src/engine/runtime/tokenizeWorker.ts',
      encodeWorker: 'src/engine/runtime/encodeWorker.ts',
      cudaProbe: 'src/engine/runtime/cuda/cudaProbe.ts',
      providerProbe: 'src/engine/runtime/providers/providerProbe.ts',
      trainWorker: 'src/engine/finetune/training/trainWorker.ts',
      portableWorker: 'src/engine/transfer/portableWorker.ts',
      teamBenchWorker: 'src/engine/bench/teamBenchWorker.ts',
    },
    outdir: dist,
    format: 'esm',
    outExtension: { '.js': '.mjs' },
    external: externalPackages,
    banner: { js: requireBanner },
  },
  {
    ...common,
    entryPoints: {
      search: 'src/webview/search/main.ts',
      mood: 'src/webview/mood/main.ts',
      finetune: 'src/webview/finetune/main.ts',
    },
    outdir: path.join(dist, 'webview'),
    format: 'iife',
    platform: 'browser',
    target: 'chrome128',
  },
];

async function buildAll(): Promise<void> {
  await rm(dist, { recursive: true, force: true });
  await mkdir(path.join(dist, 'webview'), { recursive: true });
  await Promise.all(bundles.map((options) => build(options)));
  const codicons = path.join(root, 'node_modules', '@vscode', 'codicons', 'dist');
  for (const file of ['codicon.css', 'codicon.ttf']) {
    await cp(path.join(codicons, file), path.join(dist, 'webview', file));
  }
  await writeFile(path.join(dist, '.built'), '');
}

if (import.meta.main) await buildAll();
