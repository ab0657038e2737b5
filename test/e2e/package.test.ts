import assert from 'node:assert/strict';
import { stat } from 'node:fs/promises';
import { before, describe, it } from 'node:test';
import { openPromise } from 'yauzl';
import { hostTarget, isTarget, packageExtension } from '../../scripts/package.ts';

/** What a package may hold, and nothing else. */
const allowed = [
  /^\[Content_Types\]\.xml$/,
  /^extension\.vsixmanifest$/,
  /^extension\/(package\.json|package\.nls(\..+)?\.json|readme\.md|changelog\.md|LICENSE\.txt)$/,
  /^extension\/dist\/[a-zA-Z]+\.(cjs|mjs)(\.LEGAL\.txt)?$/,
  // Where nvcc is: the CUDA addon, built for this target.
  /^extension\/dist\/native\/sextant_cuda\.node$/,
  /^extension\/dist\/webview\/[a-z-]+\.(js|css|ttf)(\.LEGAL\.txt)?$/,
  /^extension\/dist\/node_modules\//,
  /^extension\/media\/[a-zA-Z]+\.(svg|png)$/,
  /^extension\/media\/walkthrough\//,
  /^extension\/media\/screenshots\/[a-z-]+\.png$/,
  /^extension\/media\/models\/[a-z0-9-]+\/[a-zA-Z_]+\.(json|safetensors|md)$/,
  /^extension\/media\/guard\/(guard\.json\.gz|NOTICES\.md)$/,
];

const required = [
  'extension/dist/extension.cjs',
  'extension/dist/engine.mjs',
  'extension/dist/chunkWorker.mjs',
  'extension/dist/tokenizeWorker.mjs',
  'extension/dist/webview/search.js',
  'extension/dist/webview/search.css',
  'extension/media/models/sextant-embed-small/model.safetensors',
  'extension/media/guard/guard.json.gz',
];

const megabyte = 1e6;

async function entries(file: string): Promise<{ name: string; bytes: number }[]> {
  const zip = await openPromise(file, { lazyEntries: true });
  const list: { name: string; bytes: number }[] = [];
  for await (const entry of zip.eachEntry()) list.push({ name: entry.fileName, bytes: entry.uncompressedSize });
  return list;
}

describe('the packaged extension', () => {
  let file: string;
  let list: { name: string; bytes: number }[];

  before(async () => {
    assert.ok(isTarget(hostTarget), `there is no package for ${hostTarget}`);
    file = await packageExtension(hostTarget);
    list = await entries(file);
  });

  it('holds what it needs and nothing else', () => {
    const names = list.map(({ name }) => name);
    assert.deepEqual(
      names.filter((name) => !allowed.some((pattern) => pattern.test(name))),
      [],
    );
    for (const name of required) assert.ok(names.includes(name), name);
  });

  it('holds the binaries of one platform', () => {
    const own = 'extension/dist/native/sextant_cuda.node';
    const binaries = list
      .map(({ name }) => name)
      .filter((name) => name !== own && /\.(node|so|dylib|dll)(\.\d+)?$/.test(name));
    const [platform] = hostTarget.split('-');
    const marks: Record<string, RegExp> = { linux: /linux/, darwin: /darwin/, win32: /win(32|dows)/ };
    assert.ok(binaries.length >= 4);
    for (const name of binaries) assert.match(name, marks[platform!]!);
  });

  it('is small enough to install over a slow link', async () => {
    assert.ok((await stat(file)).size < 90 * megabyte);
    const model = list.filter(({ name }) => name.includes('/media/models/'));
    assert.ok(model.reduce((sum, { bytes }) => sum + bytes, 0) < 45 * megabyte);
  });
});
