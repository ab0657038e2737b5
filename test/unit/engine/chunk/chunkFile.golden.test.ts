import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { chunkFile } from '../../../../src/engine/chunk/chunkFile.ts';
import type { Chunk, ChunkedFile } from '../../../../src/engine/chunk/chunk.ts';

const fixtures = path.join(import.meta.dirname, '..', '..', '..', 'fixtures', 'chunks');
const expected = path.join(fixtures, 'expected');

function describeChunk({ startLine, endLine, kind, definition, symbol, signature, doc }: Chunk): string {
  const parts = [`${startLine}-${endLine}`, `${kind}${definition ? '' : '?'}`, symbol || '-'];
  if (signature !== '') parts.push(`\n    ${signature}`);
  if (doc !== '') parts.push(`\n    "${doc.replaceAll('\n', ' / ')}"`);
  return parts.join(' ');
}

function describeFile({ language, scope, degraded, chunks, symbols }: ChunkedFile): string {
  const names = symbols.map(({ name, kind, line }) => `${line} ${kind} ${name}`);
  const head = [language, scope, ...(degraded ? [degraded] : [])].join(' ');
  return [head, '', ...chunks.map(describeChunk), '', ...names, ''].join('\n');
}

/** The outline of a fixture equals the one beside it; SEXTANT_UPDATE_GOLDEN=1 writes it anew, to be read in the diff. */
async function check(name: string): Promise<void> {
  const text = readFileSync(path.join(fixtures, name), 'utf8');
  const actual = describeFile(await chunkFile({ path: name, text }));
  const golden = path.join(expected, `${name}.txt`);
  if (process.env['SEXTANT_UPDATE_GOLDEN'] === '1') writeFileSync(golden, actual);
  assert.ok(existsSync(golden), `${golden} is missing`);
  assert.equal(actual, readFileSync(golden, 'utf8'));
}

const names = readdirSync(fixtures, { withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => entry.name);

for (const name of names) test(`chunks of ${name}`, () => check(name));
