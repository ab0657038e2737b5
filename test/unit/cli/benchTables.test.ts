import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lengthsTable, sidesTable } from '../../../src/cli/benchTables.ts';

test('columns line up, whatever is in them', () => {
  const rows = [
    { length: 128, wallMicrosPerToken: 1234.56, cpuMicrosPerToken: 12, relative: 1 },
    { length: 8192, wallMicrosPerToken: 1, cpuMicrosPerToken: 2, relative: 1.5 },
  ];
  const lines = lengthsTable(rows).trimEnd().split('\n');
  assert.equal(new Set(lines.map((line) => line.length)).size, 1);
  assert.match(lines[2]!, /^8192\s+1\.0\s+2\.0\s+1\.50$/);
});

test('a side that is compared shows ratio and spread, ours nothing', () => {
  const ratio = { ratio: 2, spread: [1.5, 2.5] as const };
  const side = { wallTokensPerSecond: 10.4, cpuTokensPerSecond: 20 };
  const table = sidesTable({
    model: 'm',
    threads: 1,
    rounds: 1,
    texts: 1,
    tokens: 1,
    peerBatch: 32,
    sgemmGflops: { wall: 1, cpu: 1 },
    sides: [
      { side: 'ours', ...side },
      { side: 'other', ...side, slowerThanFloat32: { wall: ratio, cpu: ratio }, leastCosine: 0.999 },
    ],
  });
  assert.match(table, /ours\s+20\s+10\s*$/m);
  assert.match(table, /other\s+20\s+10\s+2\.00 \(1\.50–2\.50\)\s+2\.00 \(1\.50–2\.50\)\s+0\.99900$/m);
});
