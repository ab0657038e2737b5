import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import type { MeasureReport } from '../../../src/shared/measure.ts';
import { runCli } from '../../support/runCli.ts';
import { temporaryFolder } from '../../support/temporaryFolder.ts';

const subjects = [
  'otters',
  'walruses',
  'badgers',
  'herons',
  'marmots',
  'lizards',
  'pelicans',
  'hedgehogs',
  'beetles',
  'weasels',
  'ferrets',
  'salmons',
];

/** Functions whose bodies share no word with their documentation. */
function write(folder: string): void {
  for (const [index, subject] of subjects.entries()) {
    const lines = Array.from({ length: 12 }, (_, line) => `  sum += left[${line}] * right[${index}];`).join('\n');
    const text = `/** Counts ${subject} swimming under frozen bridges. */\nexport function compute${index}(left: number[], right: number[]): number {\n  let sum = ${index};\n${lines}\n  return sum;\n}\n`;
    fs.writeFileSync(path.join(folder, `part${index}.ts`), text);
  }
}

function row(report: MeasureReport, mode: string) {
  return report.rows.find((candidate) => candidate.mode === mode && candidate.source === 'all');
}

test('measure asks with the documentation and searches without it', async (context) => {
  const base = temporaryFolder(context);
  const folder = path.join(base, 'workspace');
  const home = path.join(base, 'home');
  fs.mkdirSync(folder);
  write(folder);
  const { code, stdout, stderr } = await runCli(['measure', folder, '--json'], { home });
  assert.equal(code, 0, stderr);
  const report = JSON.parse(stdout) as MeasureReport;
  assert.equal(report.queries, subjects.length);
  assert.equal(row(report, 'keyword')?.recall10, 0, 'words of the documentation were found');
  assert.ok(row(report, 'semantic')!.recall10 > 0.5, 'twelve chunks, ten places');
  assert.match(report.notice ?? '', /Only 12 queries/);
  // The serving index still has the documentation, and nothing is left of the one that was measured.
  const found = await runCli(['search', 'walruses', '--dir', folder, '--mode', 'keyword', '--json'], { home });
  assert.match(found.stdout, /part1\.ts/);
  assert.deepEqual(
    fs.readdirSync(home).filter((name) => name.includes('.measure')),
    [],
  );
});

test('a folder without anything to ask about says so', async (context) => {
  const base = temporaryFolder(context);
  const folder = path.join(base, 'workspace');
  fs.mkdirSync(folder);
  fs.writeFileSync(path.join(folder, 'a.ts'), 'export const a = 1;\n');
  const { code, stdout } = await runCli(['measure', folder, '--json'], { home: path.join(base, 'home') });
  assert.equal(code, 1);
  assert.equal((JSON.parse(stdout) as { error: { code: string } }).error.code, 'too_little_data');
});
