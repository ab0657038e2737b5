import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { chunkFile } from '../../../../src/engine/chunk/chunkFile.ts';

const fixtures = path.join(import.meta.dirname, '..', '..', '..', 'fixtures', 'chunks');

/** Leaves a scanner in the middle of whatever it keeps state for: raw strings, heredocs, indentation, quotes. */
const unfinished: Readonly<Record<string, string>> = {
  swift: 'let text = ##"never \\##(closed',
  py: 'def f():\n    if x:\n        """never closed',
  rb: 'text = <<~ONE + <<~TWO\n never closed',
  sh: 'cat <<EOF\nnever closed $(',
  rs: 'let text = r###"never closed',
  ts: 'const text = `never ${closed',
  js: 'const text = `never ${closed',
  cpp: 'auto text = R"mark(never closed',
  lua: 'local text = [==[never closed',
  hs: 'main = do\n  let x = case y of\n        {- never closed',
  php: '<?php $text = <<<MARK\nnever closed',
  kt: 'val text = """never ${closed',
  scala: 's"""never ${closed',
  ex: 'text = ~S"""\nnever closed',
  tf: 'x = <<EOF\nnever ${closed',
  nix: "x = ''never ${closed",
};

for (const [extension, open] of Object.entries(unfinished)) {
  test(`a .${extension} file is read the same whatever was read before it`, async () => {
    const name = readdirSync(fixtures).find((file) => file.endsWith(`.${extension}`));
    assert.ok(name !== undefined);
    const source = readFileSync(path.join(fixtures, name), 'utf8');
    // In a broken file a scanner is asked for every token it knows, so that stale state shows.
    const text = `${source}\n) } ] # + "\n${source.repeat(20)}`;
    const first = await chunkFile({ path: name, text });
    for (let i = 0; i < 3; i++) {
      await chunkFile({ path: name, text: open.repeat(i + 1) });
      assert.deepEqual(await chunkFile({ path: name, text }), first);
    }
  });
}
