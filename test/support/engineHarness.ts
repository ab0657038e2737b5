import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { TestContext } from 'node:test';
import { EngineClient, type EngineClientOptions } from '../../src/extension/engine/engineClient.ts';
import type { EngineState } from '../../src/extension/engine/engineSupervisor.ts';
import { defaultEngineSettings, type LogLine } from '../../src/shared/protocol.ts';

export interface Harness {
  readonly client: EngineClient;
  readonly states: EngineState[];
  readonly log: LogLine[];
  /** Lines that the fake engines noted, oldest first. */
  readonly notes: () => Promise<string[]>;
}

/** A client over fake engines of one behaviour, with short times; everything is gone when the test ends. */
export async function fakeEngine(
  t: TestContext,
  behaviour: string,
  options: Partial<EngineClientOptions> = {},
): Promise<Harness> {
  const folder = await mkdtemp(path.join(tmpdir(), 'sextant-engine-'));
  const notesFile = path.join(folder, 'notes');
  const states: EngineState[] = [];
  const log: LogLine[] = [];
  const client = new EngineClient({
    launch: { entry: path.join(import.meta.dirname, 'fakeEngine.ts'), args: [behaviour, notesFile] },
    storageDir: folder,
    settings: defaultEngineSettings,
    onLog: (line) => log.push(line),
    restartPolicy: { maxCrashes: 5, windowMs: 60_000, firstDelayMs: 1, maxDelayMs: 4 },
    ...options,
  });
  client.onState((state) => states.push(state));
  t.after(async () => {
    await client.dispose();
    await rm(folder, { recursive: true });
  });
  const notes = async (): Promise<string[]> => {
    const text = await readFile(notesFile, 'utf8').catch(() => '');
    return text.split('\n').filter((line) => line !== '');
  };
  return { client, states, log, notes };
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
