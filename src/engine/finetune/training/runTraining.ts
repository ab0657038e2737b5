import os from 'node:os';
import { stat } from 'node:fs/promises';
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { SextantError, serializeError } from '../../../shared/errors.ts';
import { workerEntry } from '../../paths.ts';
import { withStopFlag } from '../../runtime/stopFlag.ts';
import { WorkerLink } from '../../runtime/workerLink.ts';
import type { JudgeReply, TrainingEvent, TrainingJob, TrainingTask } from './trainingJob.ts';
import type { TrainEncoderOptions, TrainingResult, Verdict } from './trainingTypes.ts';

type RunOptions = Omit<TrainEncoderOptions, 'pairs' | 'settings'>;

/** Trains in a thread of its own; see `TrainingOptions` for what the options mean. */
export async function runTraining(task: TrainingTask, options: RunOptions): Promise<TrainingResult> {
  const { signal, outDir } = options;
  signal?.throwIfAborted();
  if ((await stat(outDir).catch(() => undefined)) !== undefined) {
    throw new SextantError('invalid_argument', `${outDir} exists already.`, { hint: 'Name a folder that does not.' });
  }
  // Told to stop, the thread saves its state first.
  return withStopFlag(signal, async (stop) => {
    const { port1, port2 } = new MessageChannel();
    port1.on('message', (event: TrainingEvent) => void receive(event, options, port1));
    const link = new WorkerLink<TrainingJob, TrainingResult>(workerEntry('trainWorker'), undefined, 'training');
    try {
      return await link.request({ ...jobOf(task, options), stop, port: port2 }, [port2]);
    } finally {
      port1.close();
      await link.dispose();
    }
  });
}

function jobOf(task: TrainingTask, options: RunOptions): Omit<TrainingJob, 'stop' | 'port'> {
  const { modelDir, outDir, checkpointDir, name, evaluate, evaluateEvery, maxSeconds } = options;
  const { settings } = task;
  const threads = settings.threads > 0 ? settings.threads : Math.ceil(os.availableParallelism() / 2);
  return {
    task: { ...task, settings: { ...settings, threads } } as TrainingTask,
    modelDir,
    outDir,
    checkpointDir,
    name,
    evaluates: evaluate !== undefined,
    evaluateEvery,
    maxSeconds,
  };
}

async function receive(
  event: TrainingEvent,
  { onStep, evaluate, signal }: RunOptions,
  port: MessagePort,
): Promise<void> {
  if (event.kind === 'step') {
    onStep?.(event.step);
    return;
  }
  let reply: JudgeReply;
  try {
    const verdict: Verdict | undefined = await evaluate?.({ ...event.candidate, signal });
    if (verdict === undefined) throw new SextantError('internal', 'Nobody judges the candidates.');
    reply = { verdict };
  } catch (error) {
    reply = { error: serializeError(error) };
  }
  port.postMessage(reply);
}
