import assert from 'node:assert/strict';
import path from 'node:path';
import test from 'node:test';
import { WorkerLink } from '../../../../src/engine/runtime/workerLink.ts';

const entry = path.join(import.meta.dirname, '..', '..', '..', 'support', 'moodyWorker.ts');

test('a thread that ends unasked fails what it was asked, and another one serves what comes after', async (context) => {
  const link = new WorkerLink<string, number>(entry, undefined, 'moody');
  context.after(() => link.dispose());
  const first = await link.request('answer');
  const failed = link.request('fail');
  const waiting = link.request('answer');
  await assert.rejects(failed, { code: 'runtime_unavailable', message: /^A moody thread failed: / });
  await assert.rejects(waiting, { code: 'runtime_unavailable' });
  assert.ok((await link.request('answer')) > first);
});

test('a link that was closed starts no thread', async () => {
  const link = new WorkerLink<string, number>(entry, undefined, 'moody');
  const pending = link.request('answer slowly');
  const closed = link.dispose();
  await assert.rejects(pending, { code: 'cancelled' });
  await assert.rejects(link.request('answer'), { code: 'cancelled' });
  await closed;
  await assert.rejects(link.request('answer'), { code: 'cancelled' });
});
