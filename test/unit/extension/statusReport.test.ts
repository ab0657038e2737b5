import assert from 'node:assert/strict';
import { test } from 'node:test';
import { statusReport, type ReportInput } from '../../../src/extension/views/statusReport.ts';
import { SextantError } from '../../../src/shared/errors.ts';
import type { EngineStatus } from '../../../src/shared/status.ts';
import { plainLocalizer } from '../../support/plainLocalizer.ts';

const status: EngineStatus = {
  paused: false,
  model: { name: 'sextant-embed-small', fingerprint: 'f', dimension: 256 },
  backend: { name: 'cpu', reason: 'no CUDA device' },
  roots: [
    {
      root: 'file:///w',
      name: 'my|project',
      phase: 'embedding',
      files: 10,
      chunks: 200,
      embedded: 199,
      skipped: { binary: 3, too_large: 0 },
      degraded: 2,
      currentFile: 'src/a_b.ts',
      etaSeconds: 12.4,
    },
  ],
};
const base: ReportInput = {
  state: { kind: 'running', pid: 42, version: '1.0.0' },
  status,
  restricted: true,
  facts: { Sextant: '1.0.0' },
};

test('a running engine: what a user wants to know, each in a row', () => {
  const report = statusReport(
    {
      ...base,
      diagnostics: {
        versions: { sqlite: '3.50' },
        backends: [{ name: 'cuda', available: false, reason: 'no device' }],
        databases: [{ root: 'file:///w', bytes: 3 * 1024 * 1024, health: 'ok' }],
        status,
        memory: { rssBytes: 100 * 1024 * 1024 },
      },
    },
    plainLocalizer,
  );
  for (const line of [
    '| Sextant | 1.0.0 |',
    '| Engine | running (pid 42, 1.0.0) |',
    '| Restricted Mode | yes |',
    '| Model | sextant-embed-small (256) |',
    '| Backend | CPU: no CUDA device |',
    '| Memory | 100.0 MB |',
    '## my\\|project',
    '| Embedded | 199 (99 %) |',
    '| Skipped: binary | 3 |',
    '| Cut by lines, parser failed | 2 |',
    '| Now at | src/a\\_b.ts |',
    '| Time left | 12 s |',
    '| cuda | not available: no device |',
    '| file:///w | 3.0 MB, ok |',
    '| sqlite | 3.50 |',
  ]) {
    assert.ok(report.includes(`${line}\n`), `missing: ${line}\n${report}`);
  }
  assert.ok(!report.includes('too\\_large'), 'nothing is said of reasons that never occurred');
});

test('an engine that was given up: the error with its hint', () => {
  const error = new SextantError('engine_unavailable', 'It\nfell.', { hint: 'Restart it.' });
  const report = statusReport({ ...base, state: { kind: 'failed', error }, status: null }, plainLocalizer);
  assert.ok(report.includes('> **engine_unavailable**: It fell. Restart it.\n'), report);
});
