import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { embedBench } from '../../engine/bench/embedBench.ts';
import { indexBench } from '../../engine/bench/indexBench.ts';
import { storeBench } from '../../engine/bench/storeBench.ts';
import { embeddedModelDirectory } from '../../engine/paths.ts';

import { numberOption, stringOption, UsageError, type Command, type CommandContext } from '../command.ts';
import { describeMachine } from '../machine.ts';
import { resolveModel } from '../models.ts';

function threadsOf({ options }: CommandContext): number {
  return numberOption(options, 'threads', { fallback: os.availableParallelism(), min: 1, max: 256 });
}

function embed(context: CommandContext): Promise<unknown> {
  const modelDir = resolveModel(stringOption(context.options, 'model')) || embeddedModelDirectory;
  return embedBench({ modelDir, threads: threadsOf(context) });
}

async function search(context: CommandContext): Promise<unknown> {
  const chunks = numberOption(context.options, 'chunks', { fallback: 100_000, min: 100, max: 10_000_000 });
  const dimension = numberOption(context.options, 'dimension', { fallback: 256, min: 8, max: 4096 });
  const dir = await mkdtemp(path.join(os.tmpdir(), 'sextant-bench-'));
  try {
    return storeBench({ chunks, dimension, dir });
  } finally {
    await rm(dir, { recursive: true, force: true });
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

const benches: Readonly<Record<string, (context: CommandContext) => Promise<unknown>>> = { embed, search, index };

export const benchCommand: Command = {
  name: 'bench',
  usage: 'bench embed | bench search [--chunks N] [--dimension N] | bench index [DIR] [--files N] [--no-embed]',
  summary: 'Measure speed and memory on this machine.',
  options: {
    chunks: { type: 'string' },
    dimension: { type: 'string' },
    files: { type: 'string' },
    'no-embed': { type: 'boolean' },
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
