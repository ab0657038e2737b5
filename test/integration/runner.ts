import { rename, writeFile } from 'node:fs/promises';

export interface TestResult {
  readonly name: string;
  readonly ok: boolean;
  readonly ms: number;
  readonly error?: string;
}

export interface SuiteResult {
  /** False while the suite runs, or when the host died under it. */
  readonly done: boolean;
  readonly vscode: string;
  readonly tests: readonly TestResult[];
}

interface Case {
  readonly name: string;
  readonly run: () => Promise<void>;
}

const caseTimeoutMs = 120_000;
const cases: Case[] = [];

export function test(name: string, run: () => Promise<void>): void {
  cases.push({ name, run });
}

/** Runs every registered case in order and keeps `file` up to date with the results. */
export async function runAll(file: string, vscodeVersion: string): Promise<void> {
  const tests: TestResult[] = [];
  const save = async (done: boolean): Promise<void> => {
    const result: SuiteResult = { done, vscode: vscodeVersion, tests };
    await writeFile(`${file}.partial`, JSON.stringify(result, undefined, 2));
    await rename(`${file}.partial`, file);
  };
  await save(false);
  for (const { name, run } of cases) {
    const started = performance.now();
    const error = await outcome(run);
    const ms = Math.round(performance.now() - started);
    tests.push({ name, ok: error === undefined, ms, ...(error === undefined ? {} : { error }) });
    await save(false);
  }
  await save(true);
}

async function outcome(run: () => Promise<void>): Promise<string | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`not done after ${caseTimeoutMs} ms`)), caseTimeoutMs);
  });
  try {
    await Promise.race([run(), late]);
    return undefined;
  } catch (error) {
    return error instanceof Error ? (error.stack ?? error.message) : String(error);
  } finally {
    clearTimeout(timer);
  }
}
