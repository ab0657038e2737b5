import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FinetunePanel, type FinetuneWorld } from '../../../src/extension/views/finetunePanel.ts';
import { SextantError } from '../../../src/shared/errors.ts';
import { defaultFinetuneSettings, type FinetuneRun } from '../../../src/shared/finetune.ts';
import type { FinetuneViewState } from '../../../src/shared/finetunePanel.ts';
import type { EngineMethod, EngineParams, EngineResults } from '../../../src/shared/protocol.ts';

const root = 'file:///w';

function runOf(id: string, change: Partial<FinetuneRun> = {}): FinetuneRun {
  return {
    id,
    root,
    rootName: 'w',
    createdAt: `2026-01-0${id}`,
    state: 'ready',
    activity: '',
    base: { name: 'base', fingerprint: 'f' },
    settings: defaultFinetuneSettings,
    recommended: defaultFinetuneSettings,
    pairs: 10,
    bySource: { doc: 10 },
    pairsFile: `/runs/${id}/pairs.jsonl`,
    step: 0,
    steps: 0,
    epoch: 0,
    maskedLoss: [],
    loss: [],
    evaluations: [],
    seconds: 0,
    promoted: false,
    ...change,
  };
}

type Answers = { readonly [M in EngineMethod]?: (params: EngineParams<M>, signal?: AbortSignal) => unknown };

function setUp(answers: Answers, confirmed = true) {
  const states: FinetuneViewState[] = [];
  const opened: string[] = [];
  const asked: [string, unknown][] = [];
  const world: { value: FinetuneWorld } = {
    value: { blocker: null, roots: [{ uri: root, name: 'w', chunks: 5 }], model: 'base' },
  };
  const panel = new FinetunePanel({
    request: async <M extends EngineMethod>(method: M, params: EngineParams<M>, signal?: AbortSignal) => {
      asked.push([method, params]);
      const answer = answers[method] as ((given: EngineParams<M>, signal?: AbortSignal) => unknown) | undefined;
      if (answer === undefined) throw new SextantError('internal', `Nobody answers ${method}.`);
      return (await answer(params, signal)) as EngineResults[M];
    },
    world: () => world.value,
    answer: (prompts) => Promise.resolve(prompts.map(({ key }) => ({ key, text: 'How is that done in the end?' }))),
    openFile: (file) => {
      opened.push(file);
      return Promise.resolve();
    },
    open: ({ path }) => {
      opened.push(path);
      return Promise.resolve();
    },
    run: () => Promise.resolve(),
    confirm: () => Promise.resolve(confirmed),
  });
  panel.attach(({ state }) => void states.push(state));
  return { panel, states, opened, asked, world, last: () => states.at(-1)! };
}

test('nothing is asked of the engine before the view is there', async () => {
  const { panel, states, asked } = setUp({ finetuneRuns: () => ({ runs: [runOf('1'), runOf('2')] }) });
  panel.refresh();
  assert.deepEqual([states.length, asked.length], [0, 0]);
  await panel.receive({ type: 'ready' });
  assert.deepEqual(
    states.at(-1)?.runs.map(({ id }) => id),
    ['2', '1'],
  );
});

test('a hidden view is sent nothing; it has all that happened when it comes back', async () => {
  const runs = [runOf('1')];
  const { panel, states, last } = setUp({ finetuneRuns: () => ({ runs }) });
  await panel.receive({ type: 'ready' });
  panel.detach();
  const sent = states.length;
  runs[0] = runOf('1', { state: 'training', step: 4, steps: 9 });
  panel.onFinetune({ kind: 'run', run: runs[0] });
  assert.equal(states.length, sent);
  await panel.receive({ type: 'ready' });
  assert.equal(last().runs[0]?.step, 4);
});

test('runs of other folders are not shown, and events keep the rest up to date', async () => {
  const other = runOf('3', { root: 'file:///other' });
  const { panel, last } = setUp({ finetuneRuns: () => ({ runs: [runOf('1'), other] }) });
  await panel.receive({ type: 'ready' });
  assert.equal(last().runs.length, 1);
  panel.onFinetune({ kind: 'run', run: runOf('1', { state: 'training', step: 4, steps: 9 }) });
  assert.equal(last().runs[0]?.step, 4);
  panel.onFinetune({ kind: 'removed', id: '1' });
  assert.deepEqual(last().runs, []);
});

test('a failure is shown until something else is done', async () => {
  const { panel, last } = setUp({
    finetuneRuns: () => ({ runs: [] }),
    finetunePrepare: () => Promise.reject(new SextantError('too_little_data', 'Too little.')),
  });
  await panel.receive({ type: 'ready' });
  await panel.receive({ type: 'prepare' });
  assert.deepEqual([last().error?.code, last().preparing], ['too_little_data', false]);
  await panel.receive({ type: 'cancelMeasure' });
  assert.equal(last().error, null);
});

test('a measurement shows its progress, can be cancelled, and is no error then', async () => {
  const { panel, last } = setUp({
    finetuneRuns: () => ({ runs: [] }),
    measure: (_params, signal) =>
      new Promise((_resolve, reject) => {
        signal?.addEventListener('abort', () => reject(signal.reason as Error));
      }),
  });
  await panel.receive({ type: 'ready' });
  const measuring = panel.receive({ type: 'measure' });
  panel.onMeasureProgress({ root, phase: 'searching', share: 0.5 });
  assert.deepEqual(last().measuring, { root, phase: 'searching', share: 0.5 });
  await panel.receive({ type: 'cancelMeasure' });
  await measuring;
  assert.deepEqual([last().measuring, last().error], [null, null]);
});

test('pairs open in an editor; a trained run is removed only when that is confirmed', async () => {
  const answers: Answers = {
    finetuneRuns: () => ({ runs: [runOf('1', { state: 'done' })] }),
    finetuneCancel: () => ({}),
  };
  const refused = setUp(answers, false);
  await refused.panel.receive({ type: 'ready' });
  await refused.panel.receive({ type: 'review', id: '1' });
  assert.deepEqual(refused.opened, ['/runs/1/pairs.jsonl']);
  await refused.panel.receive({ type: 'cancel', id: '1' });
  assert.equal(refused.last().runs.length, 1);
  const confirmed = setUp(answers);
  await confirmed.panel.receive({ type: 'ready' });
  await confirmed.panel.receive({ type: 'cancel', id: '1' });
  assert.equal(confirmed.last().runs.length, 0);
});

test('messages that are not understood are refused', async () => {
  const { panel, last } = setUp({ finetuneRuns: () => ({ runs: [] }) });
  await panel.receive({ type: 'ready' });
  await panel.receive({ type: 'start', id: 7 });
  assert.equal(last().error?.code, 'invalid_argument');
});

test('what a language model answers is added to the pairs', async () => {
  const { panel, asked, last } = setUp({
    finetuneRuns: () => ({ runs: [runOf('1')] }),
    finetuneQuestions: () => ({ requests: [{ key: 'k', prompt: 'p' }] }),
    finetuneAddQuestions: () => runOf('1', { pairs: 11 }),
  });
  await panel.receive({ type: 'ready' });
  await panel.receive({ type: 'writeQuestions', id: '1' });
  assert.deepEqual(asked.at(-1), [
    'finetuneAddQuestions',
    { id: '1', answers: [{ key: 'k', text: 'How is that done in the end?' }] },
  ]);
  assert.equal(last().runs[0]?.pairs, 11);
});

test('a measurement belongs to the folder that was measured', async () => {
  const other = 'file:///other';
  const measured = Promise.withResolvers<unknown>();
  const { panel, world, last } = setUp({ finetuneRuns: () => ({ runs: [] }), measure: () => measured.promise });
  world.value = { ...world.value, roots: [...world.value.roots, { uri: other, name: 'other', chunks: 5 }] };
  await panel.receive({ type: 'ready' });
  const measuring = panel.receive({ type: 'measure' });
  await panel.receive({ type: 'chooseRoot', root: other });
  assert.deepEqual([last().root, last().measuring], [other, null]);
  await panel.receive({ type: 'measure' });
  assert.equal(last().error?.code, 'database_busy');
  measured.resolve({ root });
  await measuring;
  assert.equal(last().report, null);
  await panel.receive({ type: 'chooseRoot', root });
  assert.deepEqual(last().report, { root });
});

test('runs are those of the engine that runs now', async () => {
  const runs = [runOf('1', { state: 'training' })];
  const { panel, last, states } = setUp({ finetuneRuns: () => ({ runs }) });
  await panel.engineStarted();
  assert.equal(states.length, 0);
  await panel.receive({ type: 'ready' });
  runs[0] = runOf('1', { state: 'paused' });
  await panel.engineStarted();
  assert.equal(last().runs[0]?.state, 'paused');
});
