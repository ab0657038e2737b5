import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import type { ChunkedFile } from '../../../../src/engine/chunk/chunk.ts';
import { chunkByLines, chunkFile } from '../../../../src/engine/chunk/chunkFile.ts';
import { embeddingText } from '../../../../src/engine/chunk/embeddingText.ts';
import { limits } from '../../../../src/engine/chunk/limits.ts';

const fixtures = path.join(import.meta.dirname, '..', '..', '..', 'fixtures', 'chunks');
const sources = readdirSync(fixtures, { withFileTypes: true })
  // The text of a notebook's chunk is decoded, no slice of the file.
  .filter((entry) => entry.isFile() && !entry.name.endsWith('.ipynb'))
  .map(({ name }) => ({ path: name, lines: readFileSync(path.join(fixtures, name), 'utf8').split('\n') }));

/** What must hold for every file: slices, order, no overlap, nothing lost, one-based lines that fit. */
function assertInvariants(text: string, file: ChunkedFile): void {
  let at = 0;
  for (const chunk of file.chunks) {
    assert.ok(chunk.startOffset >= at, 'chunks are in order and apart');
    assert.equal(text.slice(at, chunk.startOffset).trim(), '', 'only blank text lies between chunks');
    assert.equal(chunk.text, text.slice(chunk.startOffset, chunk.endOffset));
    assert.notEqual(chunk.text.trim(), '');
    assert.ok(chunk.text.length <= limits.longestLine * 4, `chunk of ${chunk.text.length} characters`);
    assert.equal(chunk.startLine, lineOf(text, chunk.startOffset));
    assert.equal(chunk.endLine, lineOf(text, chunk.endOffset - 1));
    assert.ok(!chunk.definition || chunk.symbol !== '');
    at = chunk.endOffset;
  }
  assert.equal(text.slice(at).trim(), '', 'nothing is lost at the end');
  const lines = text.split('\n').length;
  for (const symbol of file.symbols) {
    assert.ok(symbol.line >= 1 && symbol.line <= lines);
    assert.notEqual(symbol.name, '');
  }
}

function lineOf(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}

/** Real source with lines dropped, doubled, cut and mixed with junk: valid in places, broken in others. */
const mutated = fc
  .record({
    source: fc.constantFrom(...sources),
    edits: fc.array(
      fc.record({
        at: fc.nat(60),
        action: fc.constantFrom('drop', 'double', 'cut', 'junk', 'repeat', 'blank'),
        junk: fc.string({ unit: 'binary', maxLength: 30 }),
      }),
      { maxLength: 12 },
    ),
    end: fc.constantFrom('\n', '\r\n'),
    times: fc.constantFrom(1, 1, 1, 4, 25),
  })
  .map(({ source, edits, end, times }) => {
    const lines = Array.from({ length: times }, () => source.lines).flat();
    for (const { at, action, junk } of edits) {
      const index = at % lines.length;
      const line = lines[index]!;
      if (action === 'drop') lines.splice(index, 1, '');
      else if (action === 'double') lines.splice(index, 0, line);
      else if (action === 'cut') lines[index] = line.slice(0, line.length >> 1);
      else if (action === 'junk') lines[index] = line + junk;
      else if (action === 'repeat') lines[index] = line.repeat(40);
      else lines.splice(index, 0, '', '   ');
    }
    return { path: source.path, text: lines.join(end) };
  });

test('chunks are slices of the file that cover it, whatever the file', async () => {
  await fc.assert(
    fc.asyncProperty(mutated, async (source) => {
      assertInvariants(source.text, await chunkFile(source));
      assertInvariants(source.text, chunkByLines(source, 'timeout'));
    }),
    { numRuns: Number(process.env['SEXTANT_PROPERTY_RUNS'] ?? 120) },
  );
});

test('arbitrary text under any name is chunked without loss', async () => {
  const name = fc.constantFrom(...sources.map((source) => source.path));
  const characters = Array.from('abc(){}[]<>"\'`#/*\\:;=|-_.,@$ \t\n\r\u00e9\u{1F600}\uFEFF');
  const text = fc.string({ unit: fc.constantFrom(...characters), maxLength: 400 });
  await fc.assert(
    fc.asyncProperty(name, text, async (path, text) => {
      assertInvariants(text, await chunkFile({ path, text }));
    }),
    { numRuns: Number(process.env['SEXTANT_PROPERTY_RUNS'] ?? 200) },
  );
});

test('chunking and embedding text are deterministic', async () => {
  await fc.assert(
    fc.asyncProperty(mutated, async (source) => {
      const first = await chunkFile(source);
      assert.deepEqual(await chunkFile(source), first);
      for (const chunk of first.chunks) {
        const text = embeddingText(source.path, chunk);
        assert.equal(text, embeddingText(source.path, chunk));
        assert.ok(text.startsWith(source.path));
      }
    }),
    { numRuns: 40 },
  );
});
