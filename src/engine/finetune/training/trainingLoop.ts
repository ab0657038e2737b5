import { cp, readdir, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { SextantError } from '../../../shared/errors.ts';
import { AdamW } from './adamW.ts';
import { learningRateAt } from './learningRate.ts';
import type { Step } from './objective.ts';
import type { Checkpoint } from './packedGradients.ts';
import type { TrainingJob } from './trainingJob.ts';
import type { TrainingPlan } from './trainingPlan.ts';
import { loadState, saveState, type Progress } from './trainingState.ts';
import type { TrainingCandidate, TrainingResult, TrainingStep, Verdict } from './trainingTypes.ts';
import { writeTrainedModel, type WriteOptions } from './writeTrainedModel.ts';

export interface TrainingHooks {
  readonly onStep: (step: TrainingStep) => void;
  readonly isStopped: () => boolean;
  readonly judge: (candidate: Omit<TrainingCandidate, 'signal'>) => Promise<Verdict>;
}

export interface TrainingLoopOptions {
  readonly job: TrainingJob;
  readonly hooks: TrainingHooks;
  readonly plan: TrainingPlan;
  readonly steps: readonly (readonly Step[])[];
  /** Digest of all that decides the run. */
  readonly run: string;
  readonly write: WriteOptions;
}

/** Steps, evaluations and saved states, until the last step, a verdict or a stop. */
export class TrainingLoop {
  readonly #options: TrainingLoopOptions;
  readonly #optimizer: AdamW;
  #progress: Progress;
  #savedAt = performance.now();
  #seconds = 0;

  constructor(options: TrainingLoopOptions) {
    this.#options = options;
    this.#optimizer = new AdamW(options.job.task.settings);
    this.#progress = { run: options.run, step: 0, tokens: 0, evaluations: [], ended: false };
  }

  /** `checkpoint` throws when training is to stop; then the state is saved first. */
  async run(checkpoint: Checkpoint): Promise<TrainingResult> {
    const start = performance.now();
    const { job, steps: epochs, plan } = this.#options;
    const all = epochs.flatMap((steps, index) =>
      steps.map((take) => ({ take, epoch: index + 1, ofEpoch: steps.length })),
    );
    if (all.length === 0) throw new SextantError('invalid_argument', 'There is too little data to train on.');
    await this.#resume(plan);
    const evaluate = (): Promise<void> => {
      const { epoch, ofEpoch } = all[this.#progress.step - 1]!;
      return this.#evaluate(epoch, job.evaluateEvery ?? ofEpoch, all.length);
    };
    try {
      // The step that a state was saved after may not have been judged yet.
      if (this.#progress.step > 0) await evaluate();
      const deadline = start + 1000 * (job.maxSeconds ?? Infinity);
      while (!this.#progress.ended && this.#progress.step < all.length) {
        // Weights that are all from before training are no result.
        if (performance.now() > deadline && this.#progress.step > 0) break;
        const { take, epoch } = all[this.#progress.step]!;
        await this.#step(take, { epoch, steps: all.length }, checkpoint);
        await evaluate();
        await this.#saveNowAndThen();
      }
    } catch (error) {
      await this.#saveAfter(error);
      throw error;
    }
    await this.#finish();
    this.#seconds = (performance.now() - start) / 1000;
    return this.#result(this.#progress.step < all.length);
  }

  async #resume({ parameters }: TrainingPlan): Promise<void> {
    const { checkpointDir } = this.#options.job;
    const found = await loadState(checkpointDir, parameters, this.#options.run);
    if (found === undefined) return;
    const best = await stat(this.#folder('best')).catch(() => undefined);
    const { best: bestBefore, ...progress } = found;
    this.#progress = best === undefined || bestBefore === undefined ? progress : found;
  }

  async #step(take: Step, { epoch, steps }: { epoch: number; steps: number }, checkpoint: Checkpoint): Promise<void> {
    const start = performance.now();
    const { hooks, plan, job } = this.#options;
    const { settings } = job.task;
    const { loss, tokens } = await take(checkpoint);
    const gradientNorm = plan.parameters.gradientNorm();
    if (!Number.isFinite(loss) || !Number.isFinite(gradientNorm)) {
      throw new SextantError('training_failed', 'Training went astray: its loss is no longer a number.', {
        hint: 'Lower the learning rate, or let it rise for longer.',
      });
    }
    const { maxGradientNorm } = settings;
    const clip = maxGradientNorm > 0 && gradientNorm > maxGradientNorm ? maxGradientNorm / (gradientNorm + 1e-6) : 1;
    const learningRate = learningRateAt(this.#progress.step, steps, settings);
    const step = this.#progress.step + 1;
    this.#optimizer.update(plan.parameters, step, learningRate, clip);
    plan.parameters.clearGradients();
    this.#progress = { ...this.#progress, step, tokens: this.#progress.tokens + tokens };
    const tokensPerSecond = tokens / ((performance.now() - start) / 1000);
    hooks.onStep({ step, steps, epoch, loss, learningRate, gradientNorm, tokens, tokensPerSecond });
  }

  /** Has the weights judged, if it is time and was not done yet. */
  async #evaluate(epoch: number, every: number, steps: number): Promise<void> {
    const { job, hooks, plan, write } = this.#options;
    const { step, evaluations, best } = this.#progress;
    if (!job.evaluates || (step % every !== 0 && step !== steps) || evaluations.at(-1)?.step === step) return;
    const modelDir = this.#folder('candidate');
    await writeTrainedModel(plan, modelDir, write);
    const { score, stop = false } = await hooks.judge({ modelDir, step, epoch });
    const better = best === undefined || score > best.score;
    if (better) await replaceFolder(modelDir, this.#folder('best'));
    this.#progress = {
      ...this.#progress,
      ended: stop,
      evaluations: [...evaluations, { step, score }],
      ...(better ? { best: { step, score } } : {}),
    };
    // The best weights are on the disk now; so is the state that knows of them.
    await this.#save();
  }

  async #saveNowAndThen(): Promise<void> {
    const { checkpointSeconds } = this.#options.job.task.settings;
    if (performance.now() - this.#savedAt >= 1000 * checkpointSeconds) await this.#save();
  }

  /** Whatever ended training, the next call goes on from here; only weights that went astray are not worth keeping. */
  async #saveAfter(error: unknown): Promise<void> {
    if (error instanceof SextantError && error.code === 'training_failed') return;
    // What stopped it matters more than a state that could not be saved, unless somebody asked for that state.
    if (this.#options.hooks.isStopped()) await this.#save();
    else await this.#save().catch(() => undefined);
  }

  async #save(): Promise<void> {
    const { job, plan } = this.#options;
    await saveState(job.checkpointDir, plan.parameters, this.#progress);
    this.#savedAt = performance.now();
  }

  async #finish(): Promise<void> {
    const { job, plan, write } = this.#options;
    if (this.#progress.best === undefined) await writeTrainedModel(plan, job.outDir, write);
    else await replaceFolder(this.#folder('best'), job.outDir);
    for (const name of await readdir(job.checkpointDir)) {
      await rm(path.join(job.checkpointDir, name), { recursive: true, force: true });
    }
  }

  #result(stoppedEarly: boolean): TrainingResult {
    const { step, best, evaluations, tokens } = this.#progress;
    return {
      modelDir: this.#options.job.outDir,
      steps: step,
      bestStep: best?.step ?? step,
      evaluations,
      stoppedEarly,
      seconds: this.#seconds,
      tokens,
    };
  }

  #folder(name: 'best' | 'candidate'): string {
    return path.join(this.#options.job.checkpointDir, name);
  }
}

/** Moves a folder to where another one may be; between file systems by a copy that appears under its name when complete. */
async function replaceFolder(from: string, to: string): Promise<void> {
  await rm(to, { recursive: true, force: true });
  try {
    await rename(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EXDEV') throw error;
    const partial = `${to}.partial`;
    await cp(from, partial, { recursive: true });
    await rename(partial, to);
    await rm(from, { recursive: true, force: true });
  }
}
