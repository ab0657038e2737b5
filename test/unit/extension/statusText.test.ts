import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { compactCount, embeddedPercent, isIndexing, statusText } from '../../../src/extension/views/statusText.ts';
import { SextantError } from '../../../src/shared/errors.ts';
import type { EngineStatus, RootStatus } from '../../../src/shared/status.ts';
import { plainLocalizer } from '../../support/plainLocalizer.ts';

const root = (part: Partial<RootStatus>): RootStatus => ({
  root: 'file:///w',
  name: 'w',
  phase: 'ready',
  files: 10,
  chunks: 100,
  embedded: 100,
  skipped: {},
  degraded: 0,
  ...part,
});
const status = (part: Partial<EngineStatus>): EngineStatus => ({ paused: false, roots: [root({})], ...part });
const running = { kind: 'running', pid: 1, version: '1' } as const;
const textOf = (engine: EngineStatus) => statusText({ state: running, status: engine }, plainLocalizer);

test('compactCount', () => {
  const cases: [number, string][] = [
    [0, '0'],
    [999, '999'],
    [1_000, '1k'],
    [1_290, '1.2k'],
    [12_999, '12k'],
    [999_999, '999k'],
    [1_250_000, '1.2M'],
  ];
  for (const [count, expected] of cases) assert.equal(compactCount(count), expected);
});

test('100 % only when every chunk is embedded', () => {
  assert.equal(embeddedPercent(status({ roots: [root({ chunks: 1000, embedded: 999 })] })), 99);
  assert.equal(embeddedPercent(status({ roots: [root({ chunks: 1000, embedded: 1000 })] })), 100);
  assert.equal(embeddedPercent(status({ roots: [root({ chunks: 0, embedded: 0 })] })), undefined);
  const two = [root({ chunks: 300, embedded: 300 }), root({ chunks: 100, embedded: 0 })];
  assert.equal(embeddedPercent(status({ roots: two })), 75);
});

describe('the running engine', () => {
  test('share, backend and size in one line', () => {
    const { text, label, severity } = textOf(
      status({ backend: { name: 'cuda', reason: '' }, roots: [root({ chunks: 12_400, embedded: 11_999 })] }),
    );
    assert.equal(text, '$(target) 96 % · CUDA · 12k chunks');
    assert.equal(label, 'Sextant: 96 per cent embedded, 12400 chunks in 10 files');
    assert.equal(severity, 'normal');
  });

  test('paused and empty say so', () => {
    assert.match(textOf(status({ paused: true })).text, /^\$\(debug-pause\)/);
    assert.match(textOf(status({ paused: true })).label, /paused$/);
    assert.equal(textOf(status({ roots: [root({ chunks: 0, embedded: 0 })] })).text, '$(target) no chunks');
  });

  test('an error of a root or the model is a warning with its message', () => {
    const broken = textOf(
      status({ roots: [root({ phase: 'error', error: { code: 'disk_full', message: 'Full.' } })] }),
    );
    assert.equal(broken.severity, 'warning');
    assert.match(broken.label, /Full\.$/);
    assert.equal(textOf(status({ modelError: { code: 'model_missing', message: 'No.' } })).severity, 'warning');
  });
});

test('every other state has a text and a label', () => {
  const error = new SextantError('engine_unavailable', 'It fell.');
  const states = [
    { kind: 'stopped' },
    { kind: 'starting' },
    { kind: 'restarting', error, delayMs: 5 },
    { kind: 'failed', error },
  ] as const;
  const severities = states.map((state) => {
    const { text, label, severity } = statusText({ state, status: null }, plainLocalizer);
    assert.match(text, /Sextant/);
    assert.notEqual(label, '');
    return severity;
  });
  assert.deepEqual(severities, ['normal', 'normal', 'warning', 'error']);
});

test('isIndexing follows the phases, not when paused', () => {
  assert.equal(isIndexing(null), false);
  assert.equal(isIndexing(status({})), false);
  assert.equal(isIndexing(status({ roots: [root({}), root({ phase: 'embedding' })] })), true);
  assert.equal(isIndexing(status({ paused: true, roots: [root({ phase: 'embedding' })] })), false);
});
