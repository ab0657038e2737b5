import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { SextantError } from '../../../shared/errors.ts';
import { withClassificationHead } from '../../model/classificationHead.ts';
import { maskedNetwork } from '../../model/maskedNetwork.ts';
import { newClassificationHead } from '../../model/newClassificationHead.ts';
import { readModelFolder, type ModelFolder } from '../../model/modelFolder.ts';
import { checkMatryoshka } from './checkSettings.ts';
import { ClassifierObjective } from './classifierObjective.ts';
import { EncoderObjective } from './encoderObjective.ts';
import { MaskedGradients } from './maskedGradients.ts';
import { MaskedObjective } from './maskedObjective.ts';
import { stepsOf, type Step } from './objective.ts';
import { PackedGradients, type Checkpoint } from './packedGradients.ts';
import type { TaskOf, TrainingJob } from './trainingJob.ts';
import { TrainingLoop, type TrainingHooks } from './trainingLoop.ts';
import { planTraining, type TrainingPlan } from './trainingPlan.ts';
import type { EncoderSettings, TrainingResult } from './trainingTypes.ts';
import type { WriteOptions } from './writeTrainedModel.ts';

/** What a training consists of; its gradients hold memory until they are disposed of. */
interface Course {
  readonly plan: TrainingPlan;
  readonly steps: readonly (readonly Step[])[];
  readonly gradients: { dispose(): Promise<void> };
  readonly write: Omit<WriteOptions, 'name' | 'precision'>;
}

/** Runs a training in this thread, which it blocks for a pack at a time. */
export async function train(job: TrainingJob, hooks: TrainingHooks): Promise<TrainingResult> {
  const { settings } = job.task;
  const checkpoint = (): void => {
    if (hooks.isStopped()) throw new SextantError('cancelled', 'Training was stopped.');
  };
  try {
    const model = await readModelFolder(job.modelDir);
    const { plan, steps, gradients, write } = await courseOf(model, job, checkpoint);
    try {
      await mkdir(job.checkpointDir, { recursive: true });
      const loop = new TrainingLoop({
        job,
        hooks,
        plan,
        steps,
        run: digestOf(model, job),
        write: { ...write, name: job.name ?? `${model.name}-tuned`, precision: settings.precision },
      });
      return await loop.run(checkpoint);
    } finally {
      await gradients.dispose();
    }
  } catch (error) {
    throw inOurTerms(error);
  }
}

function courseOf(model: ModelFolder, { task }: TrainingJob, checkpoint: Checkpoint): Promise<Course> {
  switch (task.kind) {
    case 'encoder':
      return encoderCourse(model, task, checkpoint);
    case 'masked':
      return maskedCourse(model, task, checkpoint);
    case 'classifier':
      return classifierCourse(model, task, checkpoint);
  }
}

async function encoderCourse(
  model: ModelFolder,
  { pairs, settings, anchorDir }: TaskOf<'encoder'>,
  checkpoint: Checkpoint,
): Promise<Course> {
  const { network } = model;
  checkMatryoshka(settings, network.dimension);
  const objective = await EncoderObjective.open(model, pairs, settings, checkpoint);
  const plan = planTraining(model, network, network.embedding, settings);
  const gradients = await PackedGradients.open(plan, settings.threads);
  try {
    const before = anchorDir === model.folder ? gradients : await untrained(anchorDir, settings);
    try {
      await objective.prepare((lists) => before.rows(lists, checkpoint));
    } finally {
      if (before !== gradients) await before.dispose();
    }
  } catch (error) {
    await gradients.dispose();
    throw error;
  }
  const matryoshka = settings.matryoshka.map(({ dimension }) => dimension);
  return { plan, steps: stepsOf(objective, gradients, settings.epochs), gradients, write: { matryoshka } };
}

/** A model as it is, to embed with. */
async function untrained(modelDir: string, settings: EncoderSettings): Promise<PackedGradients> {
  const model = await readModelFolder(modelDir);
  return PackedGradients.open(planTraining(model, model.network, model.network.embedding, settings), settings.threads);
}

async function maskedCourse(
  model: ModelFolder,
  { texts, settings }: TaskOf<'masked'>,
  checkpoint: Checkpoint,
): Promise<Course> {
  const objective = await MaskedObjective.open(model, texts, settings, checkpoint);
  const network = maskedNetwork(model, objective.logFrequencies(), settings.seed);
  const { created, logits } = network;
  const plan = planTraining(model, network, logits, settings, created);
  const gradients = await MaskedGradients.open(plan, settings.threads);
  return { plan, steps: stepsOf(objective, gradients, settings.epochs), gradients, write: { leftOut: created } };
}

async function classifierCourse(
  model: ModelFolder,
  task: TaskOf<'classifier'>,
  checkpoint: Checkpoint,
): Promise<Course> {
  const { labels, settings } = task;
  const { tensors, prefix, architecture } = newClassificationHead(model, labels, settings.seed);
  const config = { ...model.config, labels };
  const shapes = (name: string): readonly number[] | undefined =>
    tensors.get(name)?.shape ?? model.weights.tensors.get(name)?.shape;
  const network = withClassificationHead(model.encoder, config, shapes);
  const objective = await ClassifierObjective.open(model, task, checkpoint);
  const plan = planTraining(model, network, network.logits, settings, tensors);
  const gradients = await PackedGradients.open(plan, settings.threads);
  const write = {
    prefix,
    config: {
      architectures: [architecture],
      id2label: Object.fromEntries(labels.entries()),
      label2id: Object.fromEntries(labels.map((label, index) => [label, index])),
    },
  };
  return { plan, steps: stepsOf(objective, gradients, settings.epochs), gradients, write };
}

/** Hex digest of all that decides the course of a run. */
function digestOf(model: ModelFolder, { task, modelDir, evaluateEvery }: TrainingJob): string {
  const { settings, ...data } = task;
  const held = task.kind === 'encoder' && task.settings.anchor > 0 && task.anchorDir !== modelDir;
  const anchorDir = held ? task.anchorDir : undefined;
  // These change how fast and how safely a run goes, not where.
  const course = { ...settings, threads: 0, checkpointSeconds: 0, precision: '' };
  return createHash('sha256')
    .update(JSON.stringify([model.fingerprint, course, { ...data, anchorDir }, evaluateEvery]))
    .digest('hex');
}

function inOurTerms(error: unknown): unknown {
  if (error instanceof SextantError || !(error instanceof Error) || !('code' in error)) return error;
  switch (error.code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return new SextantError('disk_full', 'There is no space left to save the training.', {
        hint: 'Free some space and start it again: it goes on from the last saved state.',
        cause: error,
      });
    case 'ENOENT':
      return new SextantError('model_missing', 'A file that training needs is gone.', {
        hint: 'If the model it started from was removed, install it again: training goes on from the last saved state.',
        cause: error,
      });
    default:
      return error;
  }
}
