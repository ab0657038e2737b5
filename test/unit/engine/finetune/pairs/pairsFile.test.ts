import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { readPairs, writePairs } from '../../../../../src/engine/finetune/pairs/pairsFile.ts';
import { SextantError } from '../../../../../src/shared/errors.ts';
import type { QueryPair } from '../../../../../src/shared/finetune.ts';
import { temporaryFolder } from '../../../../support/temporaryFolder.ts';

const pairs: QueryPair[] = [
  {
    query: 'how, "exactly"?',
    path: 'src/a.ts',
    startLine: 1,
    endLine: 3,
    context: 'src/a.ts\nf\nlet x = ",";\n',
    source: 'doc',
  },
  {
    query: 'Größe 日本',
    path: 'b.py',
    startLine: 7,
    endLine: 7,
    context: ' x',
    source: 'commit',
    date: '2026-01-02T03:04:05.000Z',
  },
];

for (const name of ['pairs.jsonl', 'pairs.csv']) {
  test(`${name} gives back what was written`, async (context) => {
    const file = path.join(temporaryFolder(context), name);
    await writePairs(file, pairs);
    assert.deepEqual(await readPairs(file), pairs);
    assert.deepEqual(fs.readdirSync(path.dirname(file)), [name]);
  });
}

async function refused(file: string, text: string): Promise<string> {
  fs.writeFileSync(file, text);
  const error: unknown = await readPairs(file).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof SextantError && error.code === 'invalid_argument', String(error));
  return error.message;
}

test('an edited line that is no pair is named', async (context) => {
  const file = path.join(temporaryFolder(context), 'pairs.jsonl');
  const good = JSON.stringify(pairs[0]);
  assert.match(await refused(file, `${good}\n\n{"query": `), /Line 3 of pairs\.jsonl is not JSON/);
  assert.match(
    await refused(file, `${good}\n${JSON.stringify({ ...pairs[0], startLine: 0 })}\n`),
    /Line 2 .*startLine/,
  );
  assert.match(await refused(file, JSON.stringify({ ...pairs[0], source: 'guess' })), /Line 1 .*source/);
});

test('a table that lacks a column or closes no quote is refused', async (context) => {
  const file = path.join(temporaryFolder(context), 'pairs.csv');
  assert.match(await refused(file, 'query,path\na,b\n'), /lacks the column startLine, endLine, context, source/);
  const head = 'query,path,startLine,endLine,context,source\n';
  assert.match(await refused(file, `${head}a,b,1,2,"c,doc\n`), /Line 2 has a quote/);
  assert.match(await refused(file, `${head}a,b,1,2,c,doc\na,b,x,2,c,doc\n`), /Line 3 .*startLine/);
});

test('a file that is not there is said so', async (context) => {
  await assert.rejects(readPairs(path.join(temporaryFolder(context), 'none.jsonl')), { code: 'not_found' });
});
