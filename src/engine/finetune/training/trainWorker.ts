import { once } from 'node:events';
import { deserializeError } from '../../../shared/errors.ts';
import { serveRequests } from '../../runtime/serveRequests.ts';
import { isStopped } from '../../runtime/stopFlag.ts';
import { train } from './train.ts';
import type { JudgeReply, TrainingEvent, TrainingJob } from './trainingJob.ts';

// ONNX Runtime computes on the thread that calls it, and so does the optimiser.
serveRequests(async (job: TrainingJob) => {
  const { port, stop } = job;
  const send = (event: TrainingEvent): void => port.postMessage(event);
  const result = await train(job, {
    onStep: (step) => send({ kind: 'step', step }),
    isStopped: () => isStopped(stop),
    judge: async (candidate) => {
      send({ kind: 'candidate', candidate });
      const [reply] = (await once(port, 'message')) as [JudgeReply];
      if ('error' in reply) throw deserializeError(reply.error);
      return reply.verdict;
    },
  });
  port.close();
  return { result, transfer: [] };
});
