import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { codeTexts } from '../../engine/bench/codeTexts.ts';
import { compareBench, type CompareOptions } from '../../engine/bench/compareBench.ts';
import { embedBench } from '../../engine/bench/embedBench.ts';
import { finetuneBench } from '../../engine/bench/finetuneBench.ts';
import { indexBench } from '../../engine/bench/indexBench.ts';
import { sampleTexts } from '../../engine/bench/sampleTexts.ts';
import { storeBench } from '../../engine/bench/storeBench.ts';
import { teamBench } from '../../engine/bench/teamBench.ts';
import { OwnClient } from '../../engine/bench/teamClient.ts';
import { TeamThread } from '../../engine/bench/teamThread.ts';
import { readPairs } from '../../engine/finetune/pairs/pairsFile.ts';
import { embeddedModelDirectory } from '../../engine/paths.ts';
import { createEncoder } from '../../engine/runtime/createEncoder.ts';
import { SharedStore } from '../../engine/team/sharedStore.ts';
import { precisions } from '../../shared/protocol.ts';
import { searchModes } from '../../shared/search.ts';
import { choiceOption, numberOption, stringOption, UsageError, type Command, type CommandContext } from '../command.ts';
import { lengthsTable, sidesTable } from '../benchTables.ts';
import { describeMachine } from '../machine.ts';
import { resolveModel } from '../models.ts';
import { teamSettings } from '../teamStore.ts';

function threadsOf({ options }: CommandContext): number {
  return numberOption(options, 'threads', { fallback: os.availableParallelism(), min: 1, max: 256 });
}

async function embed(context: CommandContext): Promise<unknown> {
  const { options, signal, progress, say } = context;
  const modelDir = resolveModel(stringOption(options, 'model')) || embeddedModelDirectory;
  const threads = threadsOf(context);
  const dir = stringOption(options, 'dir');
  const count = numberOption(options, 'texts', { fallback: options['compare'] === true ? 96 : 512, min: 1, max: 1e6 });
  const texts =
    dir === undefined && options['compare'] !== true
      ? sampleTexts(count)
      : await codeTexts(path.resolve(dir ?? '.'), count, signal);
  if (options['compare'] !== true) {
    const precision = choiceOption(options, 'precision', precisions, 'float32');
    const figures = await embedBench({ modelDir, threads, texts, precision, lengths: options['lengths'] === true });
    if (figures.lengths !== undefined) say(lengthsTable(figures.lengths));
    return figures;
  }
  const python = stringOption(options, 'python');
  const compared = await compareBench({
    modelDir,
    threads,
    texts,
    rounds: numberOption(options, 'rounds', { fallback: 5, min: 1, max: 1000 }),
    peerBatch: numberOption(options, 'batch', { fallback: 32, min: 1, max: 1024 }),
    ...(python === undefined ? {} : { python }),
    ...transformersJs(context),
    signal,
    onProgress: progress,
  });
  say(sidesTable(compared));
  return compared;
}

function transformersJs({ options }: CommandContext): Pick<CompareOptions, 'transformersJs'> {
  const packages = stringOption(options, 'transformers-js');
  const model = stringOption(options, 'onnx');
  if (packages === undefined) return {};
  if (model === undefined)
    throw new UsageError('--transformers-js needs --onnx DIR, as scripts/bench/exportOnnx.py writes it.');
  return { transformersJs: { packages: path.resolve(packages), model: path.resolve(model) } };
}

async function search({ options, signal, progress }: CommandContext): Promise<unknown> {
  const chunks = numberOption(options, 'chunks', { fallback: 100_000, min: 100, max: 10_000_000 });
  const dimension = numberOption(options, 'dimension', { fallback: 256, min: 8, max: 4096 });
  const team = teamSettings(options);
  if (options['repository'] !== undefined || options['view'] !== undefined)
    throw new UsageError('bench search makes a repository of its own at --store, which stays there.');
  const shared = team && new SharedStore(team);
  const dir = await mkdtemp(path.join(os.tmpdir(), 'sextant-bench-'));
  try {
    return await storeBench({ chunks, dimension, dir, shared, signal, onProgress: progress });
  } finally {
    await shared?.close();
    await rm(dir, { recursive: true, force: true });
  }
}

async function team(context: CommandContext): Promise<unknown> {
  const { options, signal, progress } = context;
  const settings = teamSettings(options);
  if (settings === undefined || settings.repository === '')
    throw new UsageError('bench team needs --store URL and --repository NAME of a published index.');
  const mode = choiceOption(options, 'mode', searchModes, 'hybrid');
  const atOnce = numberOption(options, 'at-once', { fallback: 50, min: 1, max: 1000 });
  const rounds = numberOption(options, 'rounds', { fallback: 8, min: 1, max: 1000 });
  const modelDir = resolveModel(stringOption(options, 'model')) || embeddedModelDirectory;
  const count = numberOption(options, 'clients', { fallback: 1, min: 1, max: atOnce });
  const shared = new SharedStore(settings);
  const encoder =
    mode === 'keyword' ? undefined : await createEncoder({ modelDir, threads: threadsOf(context), backend: 'cpu' });
  const threads: TeamThread[] = [];
  try {
    const model = encoder && {
      name: encoder.name,
      fingerprint: encoder.fingerprint,
      dimension: encoder.dimension,
    };
    const index = await shared.index(settings.repository, settings.view, encoder?.fingerprint);
    while (threads.length < count - 1) threads.push(new TeamThread({ team: settings, mode, model }));
    return await teamBench({
      index,
      clients: [new OwnClient(index, mode, model, signal), ...threads],
      encoder,
      mode,
      atOnce,
      rounds,
      signal,
      onProgress: progress,
    });
  } finally {
    await Promise.all(threads.map((thread) => thread.dispose()));
    await encoder?.dispose();
    await shared.close();
  }
}

function index(context: CommandContext): Promise<unknown> {
  const { positionals, options, signal, progress } = context;
  return indexBench({
    dir: path.resolve(positionals[1] ?? '.'),
    files: numberOption(options, 'files', { fallback: 2000, min: 1, max: 1_000_000 }),
    embed: options['no-embed'] !== true,
    modelPath: resolveModel(stringOption(options, 'model')),
    threads: threadsOf(context),
    signal,
    onProgress: progress,
  });
}

async function finetune(context: CommandContext): Promise<unknown> {
  const { options, signal, progress } = context;
  const python = stringOption(options, 'python');
  const data = stringOption(options, 'data');
  if (data === undefined) throw new UsageError('bench finetune needs --data FILE, as `sextant pairs` writes it.');
  const pairs = await readPairs(path.resolve(data));
  return finetuneBench({
    modelDir: resolveModel(stringOption(options, 'model')) || embeddedModelDirectory,
    pairs: pairs.map(({ query, context: document }) => ({ query, document })),
    steps: numberOption(options, 'steps', { fallback: 10, min: 2, max: 10_000 }),
    settings: {
      threads: threadsOf(context),
      batchSize: numberOption(options, 'batch', { fallback: 64, min: 2, max: 65_536 }),
      method: choiceOption(options, 'method', ['lora', 'full'], 'full'),
      learningRate: numberOption(options, 'lr', { fallback: 2e-5, min: 0, max: 1, integer: false }),
    },
    ...(python === undefined ? {} : { python }),
    signal,
    onProgress: progress,
  });
}

const benches: Readonly<Record<string, (context: CommandContext) => Promise<unknown>>> = {
  embed,
  search,
  team,
  index,
  finetune,
};

export const benchCommand: Command = {
  name: 'bench',
  usage:
    'bench embed [--dir DIR] [--texts N] [--lengths] [--compare [--python PYTHON] [--transformers-js DIR --onnx DIR] [--rounds N] [--batch N]] | bench search [--chunks N] [--dimension N] [--store URL] | bench team --store URL --repository NAME [--view NAME] [--mode M] [--at-once N] [--clients N] [--rounds N] | bench index [DIR] [--files N] [--no-embed] | bench finetune --data F [--steps N] [--batch N] [--method lora|full] [--lr X] [--python PYTHON]',
  summary: 'Measure speed and memory on this machine.',
  options: {
    mode: { type: 'string' },
    'at-once': { type: 'string' },
    clients: { type: 'string' },
    chunks: { type: 'string' },
    dimension: { type: 'string' },
    files: { type: 'string' },
    'no-embed': { type: 'boolean' },
    dir: { type: 'string' },
    texts: { type: 'string' },
    lengths: { type: 'boolean' },
    compare: { type: 'boolean' },
    python: { type: 'string' },
    'transformers-js': { type: 'string' },
    onnx: { type: 'string' },
    rounds: { type: 'string' },
    data: { type: 'string' },
    steps: { type: 'string' },
    batch: { type: 'string' },
    method: { type: 'string' },
    lr: { type: 'string' },
  },
  arity: [1, 2],
  async run(context) {
    const name = context.positionals[0] ?? '';
    const bench = benches[name];
    if (bench === undefined) throw new UsageError(`bench takes ${Object.keys(benches).join(', ')}, not «${name}».`);
    const figures = await bench(context);
    const json = { bench: name, machine: describeMachine(), figures };
    return { json, text: `${JSON.stringify(json, null, 2)}\n` };
  },
};
