import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { SextantError } from '../../../shared/errors.ts';
import { withClassificationHead } from '../../model/classificationHead.ts';
import { newClassificationHead } from '../../model/newClassificationHead.ts';
import { readModelFolder, type ModelFolder } from '../../model/modelFolder.ts';
import { ClassifierObjective } from './classifierObjective.ts';
import { EncoderObjective, type Objective } from './encoderObjective.ts';
import { PackedGradients } from './packedGradients.ts';
import type { TrainingJob } from './trainingJob.ts';
import { TrainingLoop, type TrainingHooks } from './trainingLoop.ts';
import { planTraining, type TrainingPlan } from './trainingPlan.ts';
import type { TrainingResult } from './trainingTypes.ts';
import type { WriteOptions } from './writeTrainedModel.ts';

interface Prepared {
  readonly plan: TrainingPlan;
  readonly objective: Objective;
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
    const { plan, objective, write } = await prepare(model, job, checkpoint);
    await mkdir(job.checkpointDir, { recursive: true });
    const gradients = await PackedGradients.open(plan, settings.threads);
    try {
      const loop = new TrainingLoop({
        job,
        hooks,
        plan,
        objective,
        gradients,
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

async function prepare(model: ModelFolder, { task }: TrainingJob, checkpoint: () => void): Promise<Prepared> {
  if (task.kind === 'encoder') {
    const { network } = model;
    return {
      plan: planTraining(model, network, network.embedding, task.settings),
      objective: await EncoderObjective.open(model, task.pairs, task.settings, checkpoint),
      write: {},
    };
  }
  const { labels, settings } = task;
  const { tensors, prefix, architecture } = newClassificationHead(model, labels, settings.seed);
  const config = { ...model.config, labels };
  const shapes = (name: string): readonly number[] | undefined =>
    tensors.get(name)?.shape ?? model.weights.tensors.get(name)?.shape;
  const network = withClassificationHead(model.encoder, config, shapes);
  return {
    plan: planTraining(model, network, network.logits, settings, tensors),
    objective: await ClassifierObjective.open(model, task, checkpoint),
    write: {
      prefix,
      config: {
        architectures: [architecture],
        id2label: Object.fromEntries(labels.entries()),
        label2id: Object.fromEntries(labels.map((label, index) => [label, index])),
      },
    },
  };
}

/** Hex digest of all that decides the course of a run. */
function digestOf(model: ModelFolder, { task, evaluateEvery }: TrainingJob): string {
  const { settings, ...data } = task;
  // These change how fast and how safely a run goes, not where.
  const course = { ...settings, threads: 0, checkpointSeconds: 0, precision: '' };
  return createHash('sha256')
    .update(JSON.stringify([model.fingerprint, course, data, evaluateEvery]))
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
