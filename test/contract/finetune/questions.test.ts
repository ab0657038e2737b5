import assert from 'node:assert/strict';
import fs from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { test } from 'node:test';
import { readPairs } from '../../../src/engine/finetune/pairs/pairsFile.ts';
import { runCli } from '../../support/runCli.ts';
import { temporaryFolder } from '../../support/temporaryFolder.ts';

test('questions are written only after what is sent could be read, and never about secrets', async (context) => {
  const base = temporaryFolder(context);
  const folder = path.join(base, 'workspace');
  fs.mkdirSync(folder);
  const body = Array.from({ length: 12 }, (_, i) => `  total += values[${i}] * weights[${i}];`).join('\n');
  fs.writeFileSync(
    path.join(folder, 'a.ts'),
    `export function first(values: number[], weights: number[]) {\n  let total = 0;\n${body}\n  return total;\n}\n`,
  );
  fs.writeFileSync(
    path.join(folder, 'b.ts'),
    `export function second(values: number[], weights: number[]) {\n  const key = 'AKIAQ3EGRTZ7LPN2VXWD';\n  let total = key.length;\n${body}\n  return total;\n}\n`,
  );
  const prompts: string[] = [];
  const server = http.createServer((request, response) => {
    let text = '';
    request.on('data', (part: Buffer) => (text += part.toString()));
    request.on('end', () => {
      prompts.push((JSON.parse(text) as { messages: { content: string }[] }).messages[0]!.content);
      const content = '1. How are numbers weighed and summed up?\n2. Where is the weighted total of a list made?';
      response.end(JSON.stringify({ choices: [{ message: { content } }] }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  context.after(() => server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  const out = path.join(base, 'pairs.jsonl');
  const args = ['pairs', folder, '--out', out, '--questions', url, '--question-model', 'm', '--json'];
  const home = path.join(base, 'home');
  const preview = await runCli(args, { home });
  assert.equal(preview.code, 0, preview.stderr);
  assert.deepEqual([prompts.length, (JSON.parse(preview.stdout) as { wouldSend: number }).wouldSend], [0, 1]);
  assert.match(fs.readFileSync(`${out}.preview.txt`, 'utf8'), /function first/);
  const sent = await runCli([...args, '--send'], { home });
  assert.equal(sent.code, 0, sent.stderr);
  assert.equal(prompts.length, 1);
  assert.doesNotMatch(prompts.join(), /AKIA/);
  const written = (await readPairs(out)).filter(({ source }) => source === 'model');
  assert.deepEqual(
    written.map(({ query }) => query),
    ['How are numbers weighed and summed up?', 'Where is the weighted total of a list made?'],
  );
});
