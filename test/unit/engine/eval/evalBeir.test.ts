import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { evalBeir } from '../../../../src/engine/eval/evalBeir.ts';
import { FakeEncoder } from '../../../support/fakeEncoder.ts';
import { temporaryFolder } from '../../../support/temporaryFolder.ts';

function dataset(context: TestContext, more: Readonly<Record<string, string>> = {}): string {
  const dir = temporaryFolder(context);
  const documents = ['open a socket', 'parse json text', 'sort a list of numbers'];
  const queries = ['how to parse json', 'sorting numbers', 'never judged'];
  const jsonl = (prefix: string, texts: readonly string[]) =>
    texts.map((text, index) => JSON.stringify({ _id: `${prefix}${index}`, text })).join('\n');
  const files = {
    'corpus.jsonl': jsonl('d', documents),
    'queries.jsonl': jsonl('q', queries),
    'qrels/test.tsv': 'query-id\tcorpus-id\tscore\nq0\td1\t1\nq1\td2\t1\nq1\td0\t0\n',
    ...more,
  };
  for (const [name, text] of Object.entries(files)) {
    fs.mkdirSync(path.dirname(path.join(dir, name)), { recursive: true });
    fs.writeFileSync(path.join(dir, name), text);
  }
  return dir;
}

test('keywords find each judged document first; the run is written as trec_eval reads it', async (context) => {
  const dir = dataset(context);
  const runFile = path.join(dir, 'run.txt');
  const result = await evalBeir({ dir, mode: 'keyword', runFile });
  assert.deepEqual(result, {
    ndcg10: 1,
    mrr10: 1,
    recall10: 1,
    recall100: 1,
    queries: 2,
    documents: 3,
    mode: 'keyword',
  });
  const lines = fs.readFileSync(runFile, 'utf8').trimEnd().split('\n');
  assert.match(lines[0]!, /^q0 Q0 d1 1 \d+ sextant$/);
  for (const line of lines) assert.match(line, /^q\d Q0 d\d \d+ \d+ sextant$/);
});

test('semantic search goes through the encoder and ranks every document', async (context) => {
  const encoder = new FakeEncoder();
  const result = await evalBeir({ dir: dataset(context), mode: 'semantic', encoder });
  assert.equal(encoder.embedded.length, 3);
  assert.equal(result.recall10, 1);
});

test('damaged data is refused with the place of the damage', async (context) => {
  const broken = dataset(context, { 'queries.jsonl': '{"_id":"q0","text":"x"}\n{"_id":' });
  await assert.rejects(evalBeir({ dir: broken, mode: 'keyword' }), /Line 2 of queries\.jsonl/);
  const judged = dataset(context, { 'qrels/test.tsv': 'query-id\tcorpus-id\tscore\nq0 d1 1\n' });
  await assert.rejects(evalBeir({ dir: judged, mode: 'keyword' }), /Line 2 of test\.tsv/);
  await assert.rejects(evalBeir({ dir: temporaryFolder(context), mode: 'keyword' }), { code: 'not_found' });
});
