import { spawnSync } from 'node:child_process';
import { buildTests, findCxx, type TestBuild } from '../../scripts/native.ts';

/** The kernels built as C++, or why they cannot be: only then a test may be left out, and it has to say so. */
export function nativeTestBuild(options: { readonly sanitize?: boolean } = {}): TestBuild | string {
  if (process.platform === 'win32') return 'the emulation of kernels runs on Linux and macOS';
  const cxx = findCxx();
  return cxx === undefined ? 'there is no C++ compiler' : buildTests(cxx, options);
}

export interface KernelCase {
  readonly kernel: string;
  readonly shape: string;
  readonly ok: boolean;
  readonly error: number;
  readonly tolerance: number;
  readonly repeatable: boolean;
  readonly contained: boolean;
}

export interface KernelRun {
  readonly cases: readonly KernelCase[];
  readonly status: number | null;
  readonly stderr: string;
}

/** Runs the kernel tests, in the emulation or on a GPU. */
export function runKernelTests(program: string, args: readonly string[]): KernelRun {
  const env = { ...process.env, ASAN_OPTIONS: 'detect_stack_use_after_return=0' };
  const { stdout, stderr, status } = spawnSync(program, args, { encoding: 'utf8', env, maxBuffer: 1 << 28 });
  const lines = stdout.split('\n').filter((line) => line.includes('"kernel"'));
  return { cases: lines.map((line) => JSON.parse(line) as KernelCase), status, stderr };
}
