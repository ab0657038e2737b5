import { threadId } from 'node:worker_threads';
import { serveRequests } from '../../src/engine/runtime/serveRequests.ts';

/** Answers with its thread, at once or in a while, or fails outside of any request, which ends the thread. */
serveRequests(async (request: 'answer' | 'answer slowly' | 'fail') => {
  if (request === 'fail') {
    setImmediate(() => {
      throw new Error('in a bad mood');
    });
  }
  if (request !== 'answer') await new Promise((resolve) => setTimeout(resolve, 100));
  return { result: threadId, transfer: [] };
});
