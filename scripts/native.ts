import { spawnSync } from 'node:child_process';
import { existsSync, globSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/**
 * Builds what is in `native/`.
 *
 *   node scripts/native.ts              the CUDA addon for this machine's platform, if nvcc is there
 *   node scripts/native.ts --tests      the kernels as plain C++: kernel tests and the tests' addon (needs g++ or clang++)
 *   node scripts/native.ts --resources  registers, spills and shared memory of every kernel → native/bench/RESOURCES.md
 *
 * The compiler is $NVCC, else `nvcc` on the PATH, else the one in $CUDA_PATH or /usr/local/cuda; version 12.4 or newer.
 */
const root = path.join(import.meta.dirname, '..');
const native = path.join(root, 'native');
export const buildFolder = path.join(native, 'build');
export const addonFile = path.join(buildFolder, `${process.platform}-${process.arch}`, 'sextant_cuda.node');
const oldestNvcc = [12, 4] as const;

const core = ['plan', 'mapped_file', 'weights', 'lane', 'worker', 'session'].map((name) => `core/${name}.cc`);
const kernels = ['linear', 'linear_hopper', 'attention', 'rows'].map((name) => `kernels/${name}.cu`);
/** Instructions of one generation alone: no other device runs this file's code. */
const hopperOnly = 'kernels/linear_hopper.cu';
const hopperCode = ['-gencode', 'arch=compute_90a,code=sm_90a'];
/** What the kernels need of CUDA, and the emulation does not have. */
const device = ['kernels/cuda_backend.cu', 'kernels/tensor_map.cc'];
/** The kernels' scalar reference, and what holds a device to it. */
const checks = ['reference/reference.cc', 'check/self_check.cc'];
const shipped = [
  ...core,
  ...kernels,
  ...device,
  ...checks,
  'addon/cuda_backends.cc',
  'addon/addon.cc',
  'addon/delay_load.cc',
];
/** The runner and, by kernel, what it runs. */
const kernelTestSources = globSync('test/*.cc', { cwd: native }).sort();
const emulated = [...core, ...kernels, ...checks, 'emulation/simt.cc'];

/** Machine code for each generation, and PTX of the newest for those to come. A later minor version runs an earlier one's code. */
const generations = ['75', '80', '86', '89', '90', '100', '110', '120'];

function newest(files: readonly string[]): number {
  return Math.max(...files.map((file) => statSync(file).mtimeMs));
}

function headers(): string[] {
  return globSync('**/*.{hpp,cuh}', { cwd: native }).map((file) => path.join(native, file));
}

export interface CommandResult {
  readonly status: number | null;
  readonly output: string;
}

function command(program: string, args: readonly string[]): CommandResult {
  const { status, stdout, stderr, error } = spawnSync(program, args, { encoding: 'utf8', cwd: native });
  return { status: error === undefined ? status : 1, output: error === undefined ? stdout + stderr : error.message };
}

function run(program: string, args: readonly string[]): string {
  const { status, output } = command(program, args);
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}\n${output}`);
  return output;
}

/** Absolute path or name of a compiler that can be run. */
function firstThatRuns(candidates: readonly (string | undefined)[]): string | undefined {
  return candidates.find((name): name is string => name !== undefined && command(name, ['--version']).status === 0);
}

export function findNvcc(): string | undefined {
  const cuda = process.env['CUDA_PATH'];
  return firstThatRuns([
    process.env['NVCC'],
    'nvcc',
    cuda === undefined ? undefined : path.join(cuda, 'bin', 'nvcc'),
    '/usr/local/cuda/bin/nvcc',
  ]);
}

export function findCxx(): string | undefined {
  return firstThatRuns([process.env['CXX'], 'g++', 'clang++']);
}

function nodeApiHeaders(): string {
  const file = path.join(root, 'node_modules', 'node-api-headers', 'include');
  if (!existsSync(file)) throw new Error('node-api-headers is not installed: run npm ci.');
  return file;
}

/** Compiles what is older than its source or any header; returns the objects. Two at a time, as many as small machines have cores. */
function compile(
  folder: string,
  sources: readonly string[],
  toArgs: (source: string) => readonly [string, string[]],
): string[] {
  mkdirSync(folder, { recursive: true });
  const headersChanged = newest([...headers(), import.meta.filename]);
  return sources.map((source) => {
    const object = path.join(folder, `${path.basename(source)}${process.platform === 'win32' ? '.obj' : '.o'}`);
    const changed = Math.max(headersChanged, statSync(path.join(native, source)).mtimeMs);
    if (!existsSync(object) || statSync(object).mtimeMs < changed) {
      const [compiler, args] = toArgs(source);
      run(compiler, [...args, '-c', source, '-o', object]);
    }
    return object;
  });
}

/** Builds the addon for CUDA. `only` names generations to build for instead of all, such as “90”. */
export function buildAddon(nvcc: string, only?: readonly string[]): string {
  const version = /release (\d+)\.(\d+)/.exec(run(nvcc, ['--version']));
  const [major, minor] = [Number(version?.[1] ?? 0), Number(version?.[2] ?? 0)];
  if (major < oldestNvcc[0] || (major === oldestNvcc[0] && minor < oldestNvcc[1])) {
    throw new Error(`nvcc ${major}.${minor} is too old; ${oldestNvcc.join('.')} or newer is needed.`);
  }
  const targets = only ?? supportedGenerations(nvcc);
  const windows = process.platform === 'win32';
  const host = windows ? ['-Xcompiler', '/EHsc,/MT'] : ['-Xcompiler', '-fPIC,-fvisibility=hidden,-Wall,-Wextra'];
  const codeOf = (source: string): string[] => {
    if (!source.endsWith('.cu')) return [];
    if (source === hopperOnly) return hopperCode;
    const future = targets.at(-1)!;
    const code = targets.flatMap((target) => ['-gencode', `arch=compute_${target},code=sm_${target}`]);
    return [...code, '-gencode', `arch=compute_${future},code=compute_${future}`, '--threads', '2'];
  };
  const flags = ['-std=c++17', '-O3', '-DNAPI_VERSION=8', '-DNDEBUG', '-I', nodeApiHeaders(), ...host];
  const objects = compile(path.join(buildFolder, `cuda-${targets.join('-')}`), shipped, (source) => [
    nvcc,
    [...flags, ...codeOf(source)],
  ]);
  mkdirSync(path.dirname(addonFile), { recursive: true });
  const link = windows
    ? windowsLibraries()
    : ['-Xcompiler', '-static-libstdc++,-static-libgcc', '-Xlinker', '--exclude-libs,ALL'];
  run(nvcc, ['-shared', '-cudart', 'static', ...objects, ...link, '-o', addonFile]);
  return addonFile;
}

/** The part of our list that this nvcc knows. */
function supportedGenerations(nvcc: string): string[] {
  const known = run(nvcc, ['--list-gpu-code']);
  return generations.filter((target) => known.includes(`sm_${target}\n`) || known.trimEnd().endsWith(`sm_${target}`));
}

/** Node-API's import library, made from the list of its functions. */
function windowsLibraries(): string[] {
  const definition = path.join(nodeApiHeaders(), '..', 'def', 'node_api.def');
  const library = path.join(buildFolder, 'node_api.lib');
  run('lib', ['/nologo', `/def:${definition}`, '/machine:x64', `/out:${library}`]);
  return [library, '-ldelayimp', '-Xlinker', '/delayload:node.exe'];
}

export interface TestBuild {
  readonly kernelTests: string;
  readonly addon: string;
}

/** Builds the kernels as C++ that runs on the CPU. With `sanitize`, the kernel tests stop at the first bad access. */
export function buildTests(cxx: string, { sanitize = false }: { readonly sanitize?: boolean } = {}): TestBuild {
  const folder = path.join(buildFolder, sanitize ? 'tests-sanitized' : 'tests');
  const sanitizers = ['-fsanitize=address,undefined', '-fno-sanitize-recover=all', '-fno-omit-frame-pointer'];
  const flags = [
    '-std=c++17',
    sanitize ? '-O1' : '-O2',
    '-g',
    '-fPIC',
    '-Wall',
    '-Wextra',
    '-Werror',
    '-DSEXTANT_EMULATION',
  ];
  const args = [
    ...flags,
    ...(sanitize ? sanitizers : []),
    '-DNAPI_VERSION=8',
    '-isystem',
    nodeApiHeaders(),
    '-x',
    'c++',
  ];
  const objects = compile(folder, emulated, () => [cxx, args]);
  const link = [...(sanitize ? sanitizers : []), '-lpthread'];
  const kernelTests = path.join(folder, 'kernel_tests');
  const tests = compile(folder, kernelTestSources, () => [cxx, args]);
  run(cxx, [...tests, ...objects, ...link, '-o', kernelTests]);
  const addon = path.join(folder, 'sextant_emulated.node');
  const glue = compile(folder, ['emulation/test_backends.cc', 'addon/addon.cc'], () => [cxx, args]);
  run(cxx, ['-shared', ...glue, ...objects, ...link, '-o', addon]);
  return { kernelTests, addon };
}

/** Builds the kernel tests for the GPU of this machine. */
export function buildDeviceTests(nvcc: string): string {
  const folder = path.join(buildFolder, 'tests-device');
  const sources = [...device, ...kernels, ...checks, ...kernelTestSources];
  const codeOf = (source: string): readonly string[] => (source === hopperOnly ? hopperCode : ['-arch=native']);
  const objects = compile(folder, sources, (source) => [nvcc, ['-std=c++17', '-O3', ...codeOf(source)]]);
  const program = path.join(folder, 'kernel_tests');
  run(nvcc, ['-cudart', 'static', ...objects, '-o', program]);
  return program;
}

interface Resources {
  readonly kernel: string;
  readonly registers: number;
  readonly spills: number;
  readonly stack: number;
}

/** What ptxas says of each kernel that has a body. */
function resourcesOf(nvcc: string, source: string, target: string): Resources[] {
  const code = source === hopperOnly ? hopperCode : [`-arch=sm_${target}`];
  const object = path.join(os.tmpdir(), `sextant-${target}.cubin`);
  const output = run(nvcc, ['-std=c++17', '-O3', '-cubin', ...code, '-Xptxas', '-v', source, '-o', object]);
  const pattern =
    /Compiling entry function '(\w+)'.*?\n.*?\n\s*(\d+) bytes stack frame, (\d+) bytes spill stores, (\d+) bytes spill loads\n.*?Used (\d+) registers/g;
  return [...output.matchAll(pattern)]
    .map(([, mangled = '', stack, stores, loads, registers]) => ({
      kernel: readableName(mangled),
      registers: Number(registers),
      spills: Number(stores) + Number(loads),
      stack: Number(stack),
    }))
    .filter(({ registers }) => registers > 8);
}

function readableName(mangled: string): string {
  const name = command('c++filt', [mangled]).output.trim();
  return name
    .replaceAll(/sextant::(kernels::)?|\(anonymous namespace\)::/g, '')
    .replace(/^void /, '')
    .replace(/\([^)]*Arguments\)$/, '');
}

function writeResources(nvcc: string): string {
  const rows = supportedGenerations(nvcc).flatMap((target) =>
    kernels
      .filter((source) => source !== hopperOnly || target === '90')
      .flatMap((source) =>
        resourcesOf(nvcc, source, target).map(
          ({ kernel, registers, spills, stack }) =>
            `| sm_${target} | \`${kernel}\` | ${registers} | ${spills} | ${stack} |`,
        ),
      ),
  );
  const version = /release [\d.]+, V[\d.]+/.exec(run(nvcc, ['--version']))?.[0] ?? '';
  const file = path.join(native, 'bench', 'RESOURCES.md');
  const text = `# Resources of the kernels

Written by \`node scripts/native.ts --resources\` from what ptxas says (nvcc ${version}); nothing ran for it. Dynamic shared memory
is what each launch asks for: see the shapes in \`kernels/*.cuh\` and the table in \`native/kernels/README.md\`.

| target | kernel | registers | spilled bytes | stack bytes |
| --- | --- | ---: | ---: | ---: |
${rows.join('\n')}
`;
  writeFileSync(file, text);
  return file;
}

function main(args: readonly string[]): void {
  if (args.includes('--tests')) {
    const cxx = findCxx();
    if (cxx === undefined) throw new Error('There is no C++ compiler.');
    console.log(Object.values(buildTests(cxx, { sanitize: args.includes('--sanitize') })).join('\n'));
    return;
  }
  const nvcc = findNvcc();
  if (nvcc === undefined) {
    console.log('No nvcc: the CUDA addon is left out. Everything else builds and runs without it.');
    return;
  }
  if (args.includes('--resources')) {
    console.log(writeResources(nvcc));
    return;
  }
  const only = args
    .find((argument) => argument.startsWith('--arch='))
    ?.slice('--arch='.length)
    .split(',');
  const file = buildAddon(nvcc, only);
  console.log(`${path.relative(process.cwd(), file)}  ${(statSync(file).size / 1e6).toFixed(1)} MB`);
}

if (import.meta.main) main(process.argv.slice(2));
