import { spawnSync } from 'node:child_process';
import { globSync } from 'node:fs';
import path from 'node:path';

const root = path.join(import.meta.dirname, '..');

interface Suite {
  readonly name: string;
  /** Tests that share a browser, a port or the whole machine run one file at a time. */
  readonly concurrency: number;
  readonly timeoutMinutes: number;
}

const suites: readonly Suite[] = [
  { name: 'unit', concurrency: 2, timeoutMinutes: 20 },
  { name: 'contract', concurrency: 1, timeoutMinutes: 45 },
  { name: 'gpu', concurrency: 1, timeoutMinutes: 20 },
  { name: 'e2e', concurrency: 1, timeoutMinutes: 40 },
];

function run({ name, concurrency, timeoutMinutes }: Suite): boolean {
  const files = globSync(`test/${name}/**/*.test.ts`, { cwd: root }).sort();
  if (files.length === 0) return true;
  console.log(`\n== ${name}: ${files.length} files`);
  const reporter = 'spec';
  // As the engine and the command line do; see src/engine/runtime/keepWasmCode.ts.
  const args = [
    '--no-wasm-code-gc',
    '--test',
    `--test-concurrency=${concurrency}`,
    `--test-reporter=${reporter}`,
    ...files,
  ];
  const options = { cwd: root, stdio: 'inherit' as const, timeout: timeoutMinutes * 60_000 };
  const started = performance.now();
  const { status } = spawnSync(process.execPath, args, options);
  const seconds = Math.round((performance.now() - started) / 1000);
  console.log(`\n${status === 0 ? 'ok  ' : 'FAIL'} ${name} (${seconds} s)`);
  return status === 0;
}

const wanted = process.argv.slice(2);
const unknown = wanted.find((name) => !suites.some((suite) => suite.name === name));
if (unknown !== undefined) {
  console.error(`There is no suite «${unknown}»; one of ${suites.map((suite) => suite.name).join(', ')}.`);
  process.exit(2);
}
const results = suites.filter((suite) => wanted.length === 0 || wanted.includes(suite.name)).map(run);
const failed = results.filter((ok) => !ok).length;
process.exitCode = failed === 0 ? 0 : 1;
