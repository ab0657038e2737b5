import { rename, rm } from 'node:fs/promises';
import { SextantError } from '../../shared/errors.ts';
import type { BeforeAndAfter, FinetuneResult, PairSplit, QueryPair } from '../../shared/finetune.ts';
import { HeldOutIndex } from '../measure/heldOutIndex.ts';
import { heldOutQueries } from '../measure/heldOutQueries.ts';
import { openModel, type EngineAccess } from '../measure/measureService.ts';
import { meanScores, runQueries } from '../measure/runQueries.ts';
import type { OpenRoot } from '../openRoot.ts';
import type { Encoder } from '../runtime/encoder.ts';
import { blendModels } from './blendModels.ts';
import { readCorpus, type CorpusEntry } from './evaluate/corpus.ts';
import { evaluateLeading, judgedQueries, type JudgedOutcome } from './evaluate/evaluatePairs.ts';
import { RememberingEncoder } from './evaluate/rememberingEncoder.ts';
import { guardScore, readGuardSet, type GuardSet } from './evaluate/guardSet.ts';
import { guardTolerance, judgeModel } from './judgeModel.ts';
import { readPairs } from './pairs/pairsFile.ts';
import type { RunFolder, RunRecord } from './runs/runFolder.ts';
import { crossValidationFolds, judgingPairs, splitPairs, type Split } from './split/splitPairs.ts';
import { removeAdapted, trainFold } from './trainFold.ts';
import { checkMatryoshka } from './training/checkSettings.ts';
import type { TrainingStep } from './training/trainingTypes.ts';

export interface RunFinetuningOptions {
  readonly folder: RunFolder;
  readonly record: RunRecord;
  readonly access: EngineAccess;
  readonly signal: AbortSignal;
  readonly onActivity: (activity: string) => void;
  readonly onSplit: (split: PairSplit) => void;
  readonly onMaskedStep: (step: TrainingStep) => void;
  readonly onStep: (step: TrainingStep) => void;
  readonly onEvaluation: (step: number, ndcg10: number) => void;
}

/** Fewer queries than this cannot judge a model by themselves, and fewer pairs teach it nothing. */
const fewestHeld = 40;
const fewestTrain = 100;
const fewestPairs = 80;
const foldCount = 4;

interface Workplace extends RunFinetuningOptions {
  readonly pairs: readonly QueryPair[];
  readonly corpus: readonly CorpusEntry[];
  readonly base: Encoder;
  readonly guard: GuardSet;
}

/** By all columns first, then by the leading ones of each Matryoshka dimension. */
type Judged = BeforeAndAfter<readonly (readonly JudgedOutcome[])[]>;

function tooLittle(pairs: number): SextantError {
  return new SextantError(
    'too_little_data',
    `${pairs} query pairs are too few to learn from and to judge the result.`,
    {
      hint: `About ${fewestPairs} that ask as people do are needed: document code, or add rows to the pairs file.`,
    },
  );
}

/** The workspace may be closed while a run goes on; only its beginning and its end look at it. */
function openedRoot({ access, record }: RunFinetuningOptions): OpenRoot {
  try {
    return access.opened(record.root);
  } catch (cause) {
    throw new SextantError('not_found', `${record.rootName} was closed before its fine-tuning was done.`, {
      hint: 'Open it again and go on with the run: what was trained is kept.',
      cause,
    });
  }
}

/** The corpus as it was when the run began: editing the workspace meanwhile changes nothing. */
function corpusOf(options: RunFinetuningOptions, judging: readonly QueryPair[]): CorpusEntry[] {
  const { folder, record } = options;
  const known = folder.readJson('corpus.json');
  if (Array.isArray(known)) return known as CorpusEntry[];
  const corpus = readCorpus(record.rootPath, openedRoot(options).reading(), judging);
  folder.writeJson('corpus.json', corpus);
  return corpus;
}

/** Leaves the model in `modelDir`, where an earlier session may have left it. */
async function train(work: Workplace, split: Split, modelDir: string, checkpointDir: string): Promise<void> {
  const { folder, record, access, signal } = work;
  if (folder.hasModelAt(modelDir)) {
    await removeAdapted(modelDir, checkpointDir);
    return;
  }
  const teaches = ({ source }: QueryPair): boolean => !record.settings.without.includes(source);
  const judging = new Set([...split.tune, ...split.held].map(({ path }) => path));
  await trainFold({
    train: split.train.filter(teaches),
    tune: split.tune,
    corpus: work.corpus,
    wrongAnswers: work.corpus.filter(({ path }) => !judging.has(path)),
    guard: work.guard,
    base: work.base,
    baseDir: record.base.modelDir,
    modelDir,
    checkpointDir,
    name: `${record.base.name}, tuned on ${record.rootName}`,
    settings: record.settings,
    threads: access.settings().threads,
    signal,
    open: (dir, stop) => openModel(access, dir, stop),
    onActivity: work.onActivity,
    onMaskedStep: work.onMaskedStep,
    onStep: work.onStep,
    onEvaluation: work.onEvaluation,
  });
  await removeAdapted(modelDir, checkpointDir);
}

async function withModel<T>(
  { access, signal }: Workplace,
  modelDir: string,
  use: (encoder: Encoder) => Promise<T>,
): Promise<T> {
  const encoder = await openModel(access, modelDir, signal);
  try {
    return await use(encoder);
  } finally {
    await encoder.dispose();
  }
}

async function judge(work: Workplace, held: readonly QueryPair[], modelDir: string): Promise<Judged> {
  const { base, corpus, record, signal } = work;
  const queries = judgedQueries(held);
  const dimensions = [base.dimension, ...record.settings.matryoshka.map(({ dimension }) => dimension)];
  work.onActivity('Evaluating');
  const evaluate = (encoder: Encoder): Promise<JudgedOutcome[][]> =>
    evaluateLeading(encoder, queries, corpus, dimensions, { signal });
  return { before: await evaluate(base), after: await withModel(work, modelDir, evaluate) };
}

/** Trains each fold and judges it by what it did not see; folds that an earlier session finished are not trained again. */
async function crossValidate(work: Workplace): Promise<Judged> {
  const folds = crossValidationFolds(work.pairs, foldCount, work.record.settings.seed);
  const judged: Judged[] = [];
  for (const [index, fold] of folds.entries()) {
    const { modelDir, checkpointDir } = work.folder.fold(index);
    work.onActivity(`Cross-validation ${index + 1} of ${folds.length}`);
    await train(work, fold, modelDir, checkpointDir);
    judged.push(await judge(work, fold.held, modelDir));
  }
  const joined = (side: keyof Judged): JudgedOutcome[][] =>
    judged[0]!.before.map((_, at) => judged.flatMap((part) => part[side][at]!));
  return { before: joined('before'), after: joined('after') };
}

/** Hybrid search over the workspace of now, with either model. */
async function searchScores(work: Workplace, held: readonly QueryPair[], modelDir: string): Promise<BeforeAndAfter> {
  const { access, base, signal } = work;
  work.onActivity('Measuring search');
  const queries = heldOutQueries(held);
  const root = openedRoot(work);
  const index = new HeldOutIndex({ root, storageDir: access.storageDir, queries, withhold: 'all', signal });
  const measure = async (encoder: Encoder) => {
    await index.fill(encoder, () => undefined);
    return meanScores(await runQueries(queries, { index: index.store.reader, encoder, mode: 'hybrid', signal }));
  };
  try {
    const before = await measure(base);
    return { before, after: await withModel(work, modelDir, measure) };
  } finally {
    index.dispose();
  }
}

/** Shares of what was learnt that are tried, from the most on. */
const shares = [0.75, 0.5, 0.3] as const;
/** A blend is looked for that loses clearly less than is tolerated. */
const blendSlack = 0.002;

/**
 * Where the trained model has forgotten too much, what it learnt is mixed with what was there before, as little as is needed.
 * Returns the guard scores of the model that lies in `modelDir` afterwards.
 */
async function tamed(work: Workplace, modelDir: string): Promise<BeforeAndAfter<number>> {
  const trained = await guardScores(work, modelDir);
  const lowest = trained.before - guardTolerance + blendSlack;
  if (trained.after >= lowest) return trained;
  work.onActivity('Mixing with the old model');
  const blend = `${modelDir}-blend`;
  for (const share of shares) {
    work.signal.throwIfAborted();
    await blendModels(work.record.base.modelDir, modelDir, blend, share);
    const guard = await guardScores(work, blend);
    if (guard.after < lowest) continue;
    // A process that is killed while it removes a folder must not leave half a model where a whole one is looked for.
    const replaced = `${modelDir}-replaced`;
    await rm(replaced, { recursive: true, force: true });
    await rename(modelDir, replaced);
    await rename(blend, modelDir);
    await rm(replaced, { recursive: true, force: true });
    return guard;
  }
  await rm(blend, { recursive: true, force: true });
  return trained;
}

async function guardScores(work: Workplace, modelDir: string): Promise<BeforeAndAfter<number>> {
  const { base, guard, signal } = work;
  const before = await guardScore(base, guard, signal);
  return { before, after: await withModel(work, modelDir, (tuned) => guardScore(tuned, guard, signal)) };
}

async function trainAndJudge(work: Workplace, split: Split): Promise<FinetuneResult> {
  const { folder, pairs, record } = work;
  const { modelDir, checkpointDir } = folder;
  const crossValidated = judgedQueries(split.held).length < fewestHeld || split.train.length < fewestTrain;
  const judging = judgingPairs(pairs);
  if (crossValidated && judging.length < fewestPairs) throw tooLittle(judging.length);
  work.onSplit(
    crossValidated
      ? { train: pairs.length, tune: 0, held: judging.length }
      : { train: split.train.length, tune: split.tune.length, held: split.held.length },
  );
  const folded = crossValidated ? await crossValidate(work) : undefined;
  const whole = crossValidated ? { train: pairs, tune: [], held: [] } : split;
  await train(work, whole, modelDir, checkpointDir);
  const guard = await tamed(work, modelDir);
  const judged = folded ?? (await judge(work, split.held, modelDir));
  const [before = [], ...beforeLeading] = judged.before;
  const [after = [], ...afterLeading] = judged.after;
  const leading = beforeLeading.map((outcomes, at) => ({
    dimension: record.settings.matryoshka[at]!.dimension,
    before: outcomes,
    after: afterLeading[at]!,
  }));
  // A model that has seen all pairs cannot be judged by them: of a small workspace the model alone is measured, fold by fold.
  const alone = { before: meanScores(before), after: meanScores(after) };
  const search = crossValidated ? alone : await searchScores(work, split.held, modelDir);
  return judgeModel({ before, after, leading, guard, search, crossValidated });
}

/**
 * One fine-tuning from the pairs file to the verdict. What it makes lies in the run's folder, so that the same call goes on after
 * the process was killed; the index and the model that serves are only read.
 * @throws SextantError `too_little_data`, `invalid_argument` for a pairs file that cannot be read or settings that the model cannot have, `training_failed`, `disk_full`,
 * `model_missing`, `not_found` where the workspace was closed; the signal's reason when stopped.
 */
export async function runFinetuning(options: RunFinetuningOptions): Promise<FinetuneResult> {
  const { folder, record, access, signal } = options;
  const pairs = await readPairs(folder.pairsFile);
  const split = splitPairs(pairs, record.settings.seed);
  const judging = [...split.held, ...split.tune];
  const corpus = corpusOf(options, judging.length === 0 ? judgingPairs(pairs) : judging);
  const guard = await readGuardSet();
  options.onActivity('Loading the model');
  const base = new RememberingEncoder(await openModel(access, record.base.modelDir, signal));
  try {
    checkMatryoshka(record.settings, base.dimension);
    return await trainAndJudge({ ...options, pairs, corpus, base, guard }, split);
  } finally {
    await base.dispose();
  }
}
