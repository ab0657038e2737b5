import assert from 'node:assert/strict';
import { chmodSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { buildExtension } from '../../support/buildExtension.ts';
import { runCli, type CliOptions } from '../../support/runCli.ts';
import { temporaryFolder } from '../../support/temporaryFolder.ts';

interface Figures {
  readonly tokens: number;
  readonly peakRssBytes: number;
  readonly weightsBytes: number;
  readonly lengths: readonly { readonly length: number; readonly relative: number }[];
  readonly sides: readonly {
    readonly side: string;
    readonly leastCosine?: number;
    readonly slowerThanFloat32?: { readonly cpu: { readonly ratio: number } };
  }[];
}

async function bench(options: CliOptions, ...args: string[]): Promise<Figures> {
  const { code, stdout, stderr } = await runCli(['bench', 'embed', '--threads', '1', '--json', ...args], options);
  assert.equal(code, 0, stderr);
  return (JSON.parse(stdout) as { figures: Figures }).figures;
}

test('ten thousand chunks take less memory than 2.5 times the weights and 300 MB', async (t) => {
  // The bundle is what users run: in a process that runs from source, 70 MB go to the parser that takes types away.
  buildExtension();
  const home = temporaryFolder(t);
  const { tokens, peakRssBytes, weightsBytes } = await bench({ home, built: true }, '--texts', '10000');
  assert.ok(tokens > 1_000_000, 'chunks as long as code has them');
  // Node itself, its worker threads and the parsed tokenizer are part of the 300 MB.
  assert.ok(peakRssBytes < 2.5 * weightsBytes + 300e6, `${Math.round(peakRssBytes / 1e6)} MB at the peak`);
});

test('the cost of a token is given for texts of growing length, up to what the model takes', async (t) => {
  const { lengths } = await bench({ home: temporaryFolder(t) }, '--texts', '32', '--lengths');
  const most = [128, 256, 512, 1024];
  assert.equal(lengths.length, most.length);
  for (const [index, { length, relative }] of lengths.entries()) {
    assert.ok(length > 0.8 * most[index]! && length <= most[index]!, String(length));
    assert.ok(relative > 0);
  }
});

test('another side is compared over the same texts in the same rounds', async (t) => {
  const home = temporaryFolder(t);
  // Stands for a Python: answers as scripts/bench/sentenceTransformers.py does.
  const peer = path.join(home, 'peer');
  const script = `#!${process.execPath}
    console.log('a remark');
    console.log(JSON.stringify({ ready: 'peer' }));
    require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => {
      const embeddings = JSON.parse(line).slice(0, 8).map(() => Array(384).fill(1));
      console.log(JSON.stringify({ wall: 100, cpu: 100, embeddings }));
    });`;
  writeFileSync(peer, script);
  chmodSync(peer, 0o755);
  const docs = path.join(import.meta.dirname, '..', '..', 'fixtures', 'workspace');
  const args = ['--compare', '--dir', docs, '--texts', '16', '--rounds', '2', '--python', peer];
  const { sides } = await bench({ home }, ...args);
  assert.deepEqual(
    sides.map(({ side }) => side),
    ['sextant float32', 'sextant int8', 'peer'],
  );
  assert.ok(sides[2]!.slowerThanFloat32!.cpu.ratio > 10);
  assert.ok(sides[1]!.leastCosine! > 0.9 && Math.abs(sides[2]!.leastCosine!) < 0.9);
  const broken = await runCli(['bench', 'embed', ...args.slice(0, -1), '/bin/false', '--json'], { home });
  assert.equal((JSON.parse(broken.stdout) as { error: { code: string } }).error.code, 'runtime_unavailable');
});
