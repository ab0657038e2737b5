import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chunkFile } from '../../../../src/engine/chunk/chunkFile.ts';

async function symbolsOf(path: string, text: string): Promise<string[]> {
  return (await chunkFile({ path, text })).chunks.map(({ symbol }) => symbol);
}

test('a macro in front of the return type does not become part of the name', async () => {
  const text =
    'template <typename In, typename Out>\nMACRO Out\ncopy_all(const In& in, Out out) {\n  return copy(in, out);\n}\n';
  assert.deepEqual(await symbolsOf('a.cc', text), ['copy_all']);
});

test('template arguments over several lines are left out of the owner', async () => {
  const text = 'template <class K>\nvoid Owner<\n    std::map<K, int>>::insert(K key) {\n  keys.push_back(key);\n}\n';
  assert.deepEqual(await symbolsOf('a.cc', text), ['Owner.insert']);
});

test('what spans lines or is endless is no name', async () => {
  const lua = `map[function(value)\n  return value == false\nend] = function(x)\n${'  print(x)\n'.repeat(30)}end\n`;
  for (const symbol of await symbolsOf('a.lua', lua)) assert.doesNotMatch(symbol, /\n/);
  const long = `function ${'a'.repeat(5000)}() {\n${'  work();\n'.repeat(30)}}\n`;
  for (const symbol of await symbolsOf('a.js', long)) assert.ok(symbol.length <= 200);
});
