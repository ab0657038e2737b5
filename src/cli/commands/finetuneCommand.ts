import { cp } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { readPairs, writePairs } from '../../engine/finetune/pairs/pairsFile.ts';
import { SextantError } from '../../shared/errors.ts';
import {
  learningRateSchedules,
  parseMatryoshka,
  trainingMethods,
  type FinetuneRun,
  type FinetuneSettings,
} from '../../shared/finetune.ts';
import {
  choiceOption,
  numberOption,
  stringListOption,
  stringOption,
  UsageError,
  type Command,
  type CommandContext,
  type CommandResult,
  type OptionValues,
} from '../command.ts';
import { workspaceRoot } from '../roots.ts';
import { sourcesFrom } from './pairsCommand.ts';
import { refreshedRoot } from './searchCommand.ts';

/** What the options say; the rest is chosen for the model. */
function settingsFrom(options: OptionValues): Partial<FinetuneSettings> {
  const number = (key: keyof FinetuneSettings, name: string, range: Range): Partial<FinetuneSettings> =>
    stringOption(options, name) === undefined ? {} : { [key]: numberOption(options, name, { fallback: 0, ...range }) };
  const without = sourcesFrom('without', stringListOption(options, 'without'));
  const matryoshka = stringOption(options, 'matryoshka');
  return {
    ...(options['method'] === undefined ? {} : { method: choiceOption(options, 'method', trainingMethods, 'lora') }),
    ...(options['schedule'] === undefined
      ? {}
      : { schedule: choiceOption(options, 'schedule', learningRateSchedules, 'linear') }),
    ...number('epochs', 'epochs', { min: 1, max: 50 }),
    ...number('batchSize', 'batch', { min: 2, max: 1024 }),
    ...number('learningRate', 'lr', { min: 1e-9, max: 1, integer: false }),
    ...number('tableRate', 'table-rate', { min: 1e-3, max: 1000, integer: false }),
    ...number('negatives', 'negatives', { min: 0, max: 8 }),
    ...number('maxMinutes', 'max-minutes', { min: 0.01, max: 24 * 60, integer: false }),
    ...number('consistency', 'consistency', { min: 1, max: 100 }),
    ...number('seed', 'seed', { min: 0, max: 2 ** 31 }),
    ...number('anchor', 'anchor', { min: 0, max: 1000, integer: false }),
    ...number('scale', 'scale', { min: 1e-3, max: 10_000, integer: false }),
    ...number('warmup', 'warmup', { min: 0, max: 1, integer: false }),
    ...number('weightDecay', 'weight-decay', { min: 0, max: 1, integer: false }),
    ...number('maxGradientNorm', 'clip', { min: 0, max: 1e6, integer: false }),
    ...number('loraRank', 'rank', { min: 1, max: 1024 }),
    ...number('maskedEpochs', 'masked-epochs', { min: 0, max: 50 }),
    ...number('maskedLearningRate', 'masked-lr', { min: 1e-9, max: 1, integer: false }),
    ...number('maskRate', 'mask-rate', { min: 1e-3, max: 1, integer: false }),
    ...(matryoshka === undefined ? {} : { matryoshka: matryoshkaFrom(matryoshka) }),
    ...(options['guide-negatives'] === true ? { guideNegatives: true } : {}),
    ...(without.length === 0 ? {} : { without }),
  };
}

interface Range {
  readonly min: number;
  readonly max: number;
  readonly integer?: boolean;
}

function matryoshkaFrom(text: string): FinetuneSettings['matryoshka'] {
  const read = parseMatryoshka(text);
  if (read === undefined)
    throw new UsageError(`--matryoshka takes dimensions such as 128,64 or 128:1,64:0.5, not ${text}.`);
  return read;
}

function progressLine(run: FinetuneRun): string {
  const parts = [run.activity];
  if (run.steps > 0) parts.push(`step ${run.step} of ${run.steps}`);
  const loss = run.steps > 0 ? run.loss.at(-1) : undefined;
  if (loss !== undefined) parts.push(`loss ${loss.value.toFixed(3)}`);
  const evaluation = run.steps > 0 ? run.evaluations.at(-1) : undefined;
  if (evaluation !== undefined) parts.push(`nDCG@10 ${evaluation.value.toFixed(3)}`);
  if (run.tokensPerSecond !== undefined) parts.push(`${Math.round(run.tokensPerSecond)} tokens/s`);
  if (run.etaSeconds !== undefined) parts.push(`${Math.ceil(run.etaSeconds)} s left`);
  return parts.filter((part) => part !== '').join(' · ');
}

function jsonOf(run: FinetuneRun, out: string | undefined): unknown {
  const { result, split, steps, step, seconds, promoted, id, evaluations, settings, bySource } = run;
  return {
    pairs: { train: split?.train ?? 0, eval: split?.held ?? 0, tune: split?.tune ?? 0, bySource },
    steps: Math.min(step, steps),
    seconds,
    before: result?.before,
    after: result?.after,
    promoted,
    model: out ?? run.model ?? null,
    verdict: result?.verdict,
    reason: result?.reason,
    search: result?.search,
    guard: result?.guard,
    bySource: result?.bySource,
    leading: result?.leading,
    crossValidated: result?.crossValidated,
    moved: result?.moved,
    evaluations,
    settings,
    run: id,
  };
}

function describe(run: FinetuneRun): string {
  const { result } = run;
  if (result === undefined) return `${run.id}: ${run.state}\n`;
  const row = (name: string, before: number, after: number): string =>
    `  ${name.padEnd(22)} ${before.toFixed(3)} → ${after.toFixed(3)}`;
  return [
    `${run.id}: ${result.reason}`,
    `  ${run.split?.train ?? 0} pairs trained on, ${result.queries} queries held out${result.crossValidated ? ' in turn' : ''}, ${run.seconds.toFixed(0)} s`,
    row('nDCG@10', result.before.ndcg10, result.after.ndcg10),
    row('MRR@10', result.before.mrr10, result.after.mrr10),
    row('recall@10', result.before.recall10, result.after.recall10),
    ...(result.leading ?? []).map(({ dimension, before, after }) =>
      row(`first ${dimension} columns`, before.ndcg10, after.ndcg10),
    ),
    row('hybrid nDCG@10', result.search.before.ndcg10, result.search.after.ndcg10),
    row('general nDCG@10', result.guard.before, result.guard.after),
    ...result.bySource.map(({ source, queries, before, after }) =>
      row(`  ${source} (${queries})`, before.ndcg10, after.ndcg10),
    ),
    run.promoted ? `Searches of this folder use ${run.model ?? 'the new model'} from now on.` : '',
    '',
  ].join('\n');
}

/** Runs to the end; interrupted, the run stays paused and is named, so that `--resume` goes on with it. */
async function work(
  context: CommandContext,
  id: string,
  directory: string,
  settings: Partial<FinetuneSettings> | undefined,
): Promise<CommandResult> {
  const { engine, options, signal, progress, say } = context;
  const { finetune } = engine();
  const out = stringOption(options, 'out');
  const target = out === undefined ? undefined : path.resolve(out);
  if (target !== undefined && existsSync(target)) throw new UsageError(`${target} exists already.`);
  finetune.start(id, settings);
  const pause = (): void => void finetune.pause(id);
  signal.addEventListener('abort', pause, { once: true });
  const timer = setInterval(() => progress(progressLine(finetune.run(id))), 1000);
  try {
    const run = await finetune.whenEnded(id);
    if (run.state === 'paused') {
      say(`Paused. Go on with: sextant finetune --resume ${id}`);
      signal.throwIfAborted();
    }
    if (run.error !== undefined) throw new SextantError(run.error.code, run.error.message, run.error);
    const better = run.result?.verdict === 'better' && options['keep-old'] !== true;
    const final = better ? await finetune.promote(id) : run;
    if (better) await refreshedRoot(context, { embed: true, directory });
    if (target !== undefined && final.model !== undefined) await cp(final.model, target, { recursive: true });
    return { json: jsonOf(final, target), text: describe(final) };
  } finally {
    clearInterval(timer);
    signal.removeEventListener('abort', pause);
  }
}

async function prepare(context: CommandContext, directory: string): Promise<FinetuneRun> {
  const { engine, options, signal, progress } = context;
  const sources = sourcesFrom('source', stringListOption(options, 'source'));
  const root = await refreshedRoot(context, { embed: true, directory });
  progress('Mining pairs');
  const run = await engine().finetune.prepare(root.uri, sources.length === 0 ? undefined : sources, signal);
  const edited = stringOption(options, 'pairs');
  if (edited !== undefined) await writePairs(run.pairsFile, await readPairs(path.resolve(edited)));
  return run;
}

function listed(runs: readonly FinetuneRun[]): CommandResult {
  const rows = runs.map((run) => {
    const { result } = run;
    const gain =
      result === undefined ? '' : `nDCG@10 ${result.before.ndcg10.toFixed(3)} → ${result.after.ndcg10.toFixed(3)}`;
    return `${run.id}  ${run.rootName}  ${run.state}${run.promoted ? ', in use' : ''}  ${gain}`;
  });
  return { json: { runs }, text: `${rows.length === 0 ? 'No runs yet.' : rows.join('\n')}\n` };
}

export const finetuneCommand: Command = {
  name: 'finetune',
  usage:
    'finetune [DIR] [--pairs F] [--epochs N] [--batch N] [--lr X] [--method lora|full] [--negatives N] [--masked-epochs N] [--matryoshka D,…] [--max-minutes N] [--without SOURCE,…] [--keep-old] [--out DIR] | --list | --resume ID | --remove ID | --rollback',
  summary: 'Train the model on your own code, and use it if it is better on questions it never saw.',
  options: {
    pairs: { type: 'string' },
    source: { type: 'string', multiple: true },
    epochs: { type: 'string' },
    batch: { type: 'string' },
    lr: { type: 'string' },
    'table-rate': { type: 'string' },
    method: { type: 'string' },
    negatives: { type: 'string' },
    'guide-negatives': { type: 'boolean' },
    consistency: { type: 'string' },
    anchor: { type: 'string' },
    scale: { type: 'string' },
    warmup: { type: 'string' },
    schedule: { type: 'string' },
    'weight-decay': { type: 'string' },
    clip: { type: 'string' },
    rank: { type: 'string' },
    matryoshka: { type: 'string' },
    'masked-epochs': { type: 'string' },
    'masked-lr': { type: 'string' },
    'mask-rate': { type: 'string' },
    without: { type: 'string', multiple: true },
    'max-minutes': { type: 'string' },
    seed: { type: 'string' },
    'keep-old': { type: 'boolean' },
    out: { type: 'string' },
    list: { type: 'boolean' },
    resume: { type: 'string' },
    remove: { type: 'string' },
    rollback: { type: 'boolean' },
    'no-refresh': { type: 'boolean' },
  },
  arity: [0, 1],
  async run(context) {
    const { options, positionals, engine } = context;
    const directory = positionals[0] ?? '.';
    if (options['list'] === true) return listed(engine().finetune.list());
    const removed = stringOption(options, 'remove');
    if (removed !== undefined) {
      await engine().finetune.cancel(removed);
      return { json: { removed }, text: `Removed ${removed}.\n` };
    }
    if (options['rollback'] === true) {
      const root = workspaceRoot(directory);
      engine().openForReading(root);
      await engine().finetune.rollback(root.uri);
      return { json: { rolledBack: root.path }, text: 'The model from before is in use again.\n' };
    }
    const resumed = stringOption(options, 'resume');
    if (resumed === undefined) {
      const settings = settingsFrom(options);
      return work(context, (await prepare(context, directory)).id, directory, settings);
    }
    const { root, state } = engine().finetune.run(resumed);
    const folder = fileURLToPath(root);
    await refreshedRoot(context, { embed: true, directory: folder });
    // Settings may still be changed while nothing was trained by them.
    return work(context, resumed, folder, state === 'ready' ? settingsFrom(options) : undefined);
  },
};
