import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { TestContext } from 'node:test';
import { EngineClient } from '../../src/extension/engine/engineClient.ts';
import { defaultEngineSettings, type LogLine } from '../../src/shared/protocol.ts';

export const engineEntry = path.join(import.meta.dirname, '..', '..', 'src', 'engine', 'main.ts');

/** Long enough for a busy machine; the supervisor kills what has not left by then. */
export const shutdownTimeoutMs = 20_000;

export interface RealEngine {
  readonly client: EngineClient;
  /** An empty folder, with the client's storage in it as soon as the engine runs. */
  readonly home: string;
  readonly log: LogLine[];
}

/** A client over the real engine on one core, not started yet. The engine ends with the test, then its folder. */
export function realEngine(t: TestContext): RealEngine {
  const home = realpathSync(mkdtempSync(path.join(tmpdir(), 'sextant-real-')));
  const log: LogLine[] = [];
  const client = new EngineClient({
    launch: { entry: engineEntry },
    storageDir: path.join(home, 'storage'),
    settings: { ...defaultEngineSettings, backend: 'cpu', threads: 1 },
    onLog: (line) => log.push(line),
    shutdownTimeoutMs,
  });
  t.after(async () => {
    await client.dispose();
    rmSync(home, { recursive: true, force: true, maxRetries: 5 });
  });
  return { client, home, log };
}
