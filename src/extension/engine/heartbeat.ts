export interface HeartbeatOptions {
  readonly intervalMs: number;
  /** A ping unanswered for this long means that the engine hangs. */
  readonly timeoutMs: number;
}

export const defaultHeartbeat: HeartbeatOptions = { intervalMs: 5_000, timeoutMs: 30_000 };

/** A timer this late means that this process slept too (suspend, debugger): no proof against the engine. */
const lateTimerMs = 5_000;

/**
 * Pings until `signal` aborts or `ping` rejects. Calls `onHang` once, and stops, when a ping is not answered in time.
 * `ping` must reject when its own signal aborts.
 */
export async function keepHeartbeat(
  ping: (signal: AbortSignal) => Promise<unknown>,
  onHang: () => void,
  options: HeartbeatOptions,
  signal: AbortSignal,
): Promise<void> {
  while (await pause(options.intervalMs, signal)) {
    const sent = performance.now();
    const timeout = AbortSignal.timeout(options.timeoutMs);
    try {
      await ping(AbortSignal.any([signal, timeout]));
    } catch {
      if (signal.aborted || !timeout.aborted) return;
      const slept = performance.now() - sent > options.timeoutMs + lateTimerMs;
      if (slept) continue;
      onHang();
      return;
    }
  }
}

/** Resolves true after `ms`, false as soon as `signal` aborts. */
export function pause(ms: number, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve(false);
      return;
    }
    const onAbort = (): void => {
      clearTimeout(timer);
      resolve(false);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', onAbort);
      resolve(true);
    }, ms);
    signal.addEventListener('abort', onAbort, { once: true });
  });
}
