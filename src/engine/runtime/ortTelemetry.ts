import { isMainThread } from 'node:worker_threads';

/**
 * From its version 1.29 on, ONNX Runtime tells Microsoft what it runs, by default. This is its own switch against it; on Windows, where it
 * hands events to the system's telemetry, only the switch of its unit tests keeps it from that.
 */
const variable = process.platform === 'win32' ? 'ORT_RUNNING_UNIT_TESTS' : 'ORT_DISABLE_TELEMETRY';

/**
 * To be called before ONNX Runtime's first session, and in the main thread before a thread is started that opens one: native code
 * reads the environment of the process, of which a thread has but a copy, and then keeps to what it read.
 * @throws Error in a thread whose process was not told, so that nothing is ever sent by oversight.
 */
export function turnTelemetryOff(): void {
  if (isMainThread) process.env[variable] = '1';
  else if (process.env[variable] !== '1') throw new Error(`${variable} must be set before this thread is started.`);
}
