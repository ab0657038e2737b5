/** Shared with a thread, which looks at it now and then; its one number turns 1 when the thread is to stop. */
export type StopFlag = Int32Array<SharedArrayBuffer>;

export function isStopped(flag: StopFlag): boolean {
  return Atomics.load(flag, 0) === 1;
}

/**
 * Does work in a thread that stops when `signal` is aborted and when the process ends. A `WorkerLink` is to be made within `work`: it waits
 * for its thread at the end of the process, which must have been told before.
 * @throws the signal's reason when cancelled.
 */
export async function withStopFlag<T>(
  signal: AbortSignal | undefined,
  work: (flag: StopFlag) => Promise<T>,
): Promise<T> {
  signal?.throwIfAborted();
  const flag: StopFlag = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  const stop = (): void => {
    Atomics.store(flag, 0, 1);
  };
  process.on('exit', stop);
  signal?.addEventListener('abort', stop);
  try {
    return await work(flag);
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  } finally {
    signal?.removeEventListener('abort', stop);
    process.off('exit', stop);
  }
}
