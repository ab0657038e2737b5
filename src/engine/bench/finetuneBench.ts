import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { z } from 'zod';
import { SextantError } from '../../shared/errors.ts';
import { batchesWithoutDuplicates, epochOrder } from '../finetune/training/dataOrder.ts';
import { trainEncoder } from '../finetune/training/trainEncoder.ts';
import { defaultEncoderSettings, type EncoderSettings, type TrainingPair } from '../finetune/training/trainingTypes.ts';
import { readModelFolder } from '../model/modelFolder.ts';
import { packageRoot } from '../paths.ts';
import { median } from './pairedRatio.ts';

export interface FinetuneBenchOptions {
  readonly modelDir: string;
  readonly pairs: readonly TrainingPair[];
  readonly steps: number;
  readonly settings: Partial<EncoderSettings>;
  /** Python that has sentence-transformers, to train the same batches with. */
  readonly python?: string;
  readonly signal?: AbortSignal;
  readonly onProgress?: (line: string) => void;
}

/** What one side took. Medians are over the steps but the first. */
export interface FinetuneSide {
  readonly side: string;
  readonly losses: readonly number[];
  readonly wallSecondsPerStep: number;
  /** Of all processor cores together: what counts on a machine that does other things too. */
  readonly cpuSecondsPerStep: number;
  readonly peakRssBytes: number;
}

export interface FinetuneBenchResult {
  readonly model: string;
  readonly method: string;
  readonly batch: number;
  readonly tokensPerStep: number;
  readonly sides: readonly FinetuneSide[];
  readonly speedup?: { readonly wall: number; readonly cpu: number };
  /** Largest relative difference between the losses of a step. */
  readonly lossDifference?: number;
}

/** Trains some steps, and the same steps with sentence-transformers where there is one. Both sides see the same batches. */
export async function finetuneBench(options: FinetuneBenchOptions): Promise<FinetuneBenchResult> {
  const { modelDir, python, onProgress } = options;
  const settings = { ...defaultEncoderSettings, epochs: 1, shuffle: false, negativesPerPair: 0, ...options.settings };
  const batches = batchesOf(options.pairs, settings, options.steps);
  const { name, pooling } = await readModelFolder(modelDir);
  const { tokens, ...ours } = await trainHere(options, batches.flat(), settings);
  const sides: FinetuneSide[] = [ours];
  if (python !== undefined) {
    onProgress?.('sentence-transformers trains');
    sides.push(await trainThere(python, { model: modelDir, pooling, batches, settings }));
  }
  return {
    model: name,
    method: settings.method,
    batch: settings.batchSize,
    tokensPerStep: tokens,
    sides,
    ...compared(sides),
  };
}

/** As many full batches as there are to be steps. */
function batchesOf(pairs: readonly TrainingPair[], settings: EncoderSettings, steps: number): TrainingPair[][] {
  const order = epochOrder(pairs.length, 0, settings);
  const all = batchesWithoutDuplicates(pairs, order, { size: settings.batchSize, negatives: 0 });
  const full = all.filter((batch) => batch.length === settings.batchSize).slice(0, steps);
  if (full.length < steps) {
    throw new SextantError(
      'invalid_argument',
      `${steps} steps of ${settings.batchSize} take more pairs than ${pairs.length}.`,
    );
  }
  return full.map((batch) => batch.map(({ pair }) => ({ query: pairs[pair]!.query, document: pairs[pair]!.document })));
}

async function trainHere(
  { modelDir, signal, onProgress }: FinetuneBenchOptions,
  pairs: readonly TrainingPair[],
  settings: EncoderSettings,
): Promise<FinetuneSide & { readonly tokens: number }> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'sextant-bench-'));
  const losses: number[] = [];
  const wall: number[] = [];
  const cpu: number[] = [];
  let before = process.cpuUsage();
  try {
    const { tokens } = await trainEncoder({
      modelDir,
      outDir: path.join(folder, 'out'),
      checkpointDir: path.join(folder, 'state'),
      pairs,
      settings: { ...settings, checkpointSeconds: 3600 },
      ...(signal === undefined ? {} : { signal }),
      onStep: ({ step, steps, loss, tokens: count, tokensPerSecond }) => {
        losses.push(loss);
        wall.push(count / tokensPerSecond);
        const { user, system } = process.cpuUsage(before);
        cpu.push((user + system) / 1e6);
        before = process.cpuUsage();
        onProgress?.(`step ${step} of ${steps}`);
      },
    });
    return {
      side: 'sextant',
      losses,
      wallSecondsPerStep: median(wall.slice(1)),
      cpuSecondsPerStep: median(cpu.slice(1)),
      peakRssBytes: process.resourceUsage().maxRSS * 1024,
      tokens: Math.round(tokens / losses.length),
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const peerSchema = z.object({
  peer: z.string(),
  losses: z.array(z.number()),
  seconds: z.array(z.object({ wall: z.number(), cpu: z.number() })),
  peakRssBytes: z.number(),
});

async function trainThere(python: string, job: unknown): Promise<FinetuneSide> {
  const script = path.join(packageRoot, 'scripts', 'bench', 'sentenceTransformersTraining.py');
  const child = spawn(python, [script], { stdio: ['pipe', 'pipe', 'pipe'] });
  const closed = once(child, 'close');
  child.stdin.end(`${JSON.stringify(job)}\n`);
  const [output, errors] = await Promise.all([text(child.stdout), text(child.stderr), closed]);
  const line = output.split('\n').findLast((candidate) => candidate.startsWith('{'));
  if (line === undefined) {
    const words = errors.trim().split('\n').slice(-3).join(' ');
    throw new SextantError('runtime_unavailable', `The other side of the comparison ended: ${words}`);
  }
  const { peer, losses, seconds, peakRssBytes } = peerSchema.parse(JSON.parse(line));
  return {
    side: peer,
    losses,
    wallSecondsPerStep: median(seconds.slice(1).map(({ wall }) => wall)),
    cpuSecondsPerStep: median(seconds.slice(1).map(({ cpu }) => cpu)),
    peakRssBytes,
  };
}

function compared([ours, theirs]: readonly FinetuneSide[]): Pick<FinetuneBenchResult, 'speedup' | 'lossDifference'> {
  if (ours === undefined || theirs === undefined) return {};
  return {
    speedup: {
      wall: theirs.wallSecondsPerStep / ours.wallSecondsPerStep,
      cpu: theirs.cpuSecondsPerStep / ours.cpuSecondsPerStep,
    },
    lossDifference: Math.max(...ours.losses.map((loss, step) => Math.abs(loss / theirs.losses[step]! - 1))),
  };
}
