import '../engine/runtime/keepWasmCode.ts';
import { parseArgs, type ParseArgsOptionsConfig } from 'node:util';
import { Engine } from '../engine/engine.ts';
import { isCancellation, serializeError } from '../shared/errors.ts';
import { UsageError, type Command, type OptionValues } from './command.ts';
import { benchCommand } from './commands/benchCommand.ts';
import { doctorCommand } from './commands/doctorCommand.ts';
import { duplicatesCommand } from './commands/duplicatesCommand.ts';
import { embedCommand } from './commands/embedCommand.ts';
import { evalCommand } from './commands/evalCommand.ts';
import { finetuneCommand } from './commands/finetuneCommand.ts';
import { indexCommand } from './commands/indexCommand.ts';
import { mcpCommand } from './commands/mcpCommand.ts';
import { measureCommand } from './commands/measureCommand.ts';
import { modelCommand } from './commands/modelCommand.ts';
import { pairsCommand } from './commands/pairsCommand.ts';
import { searchCommand } from './commands/searchCommand.ts';
import { sentimentCommand } from './commands/sentimentCommand.ts';
import { similarCommand } from './commands/similarCommand.ts';
import { engineSettings } from './engineSettings.ts';
import { printable } from './printable.ts';
import { remoteOptions } from './remote.ts';
import { storageDirectory } from './storageDirectory.ts';
import { storeOptions } from './teamStore.ts';

const commands: readonly Command[] = [
  indexCommand,
  searchCommand,
  similarCommand,
  duplicatesCommand,
  sentimentCommand,
  measureCommand,
  pairsCommand,
  finetuneCommand,
  evalCommand,
  embedCommand,
  modelCommand,
  mcpCommand,
  benchCommand,
  doctorCommand,
];

const globalOptions = {
  json: { type: 'boolean' },
  model: { type: 'string' },
  threads: { type: 'string' },
  backend: { type: 'string' },
  precision: { type: 'string' },
  ...remoteOptions,
  ...storeOptions,
  help: { type: 'boolean', short: 'h' },
} as const satisfies ParseArgsOptionsConfig;

function help(): string {
  const rows = commands.map((command) => `  sextant ${command.usage}\n      ${command.summary}`);
  return `${[
    'Find code by meaning, on this machine.',
    '',
    ...rows,
    '',
    'Everywhere: --json (one JSON value on stdout), --model NAME|DIR, --threads N, --backend auto|cpu|cuda|directml|coreml|webgpu, --precision float32|int8.',
    'Embedding at a server: --remote URL [--remote-model NAME] [--remote-dimensions N], its key in SEXTANT_REMOTE_KEY.',
    'An index shared by a team: --store postgres://USER@HOST/DATABASE [--view NAME] [--repository NAME], password in PGPASSWORD.',
    'Indexes are kept in SEXTANT_HOME, or the data folder of this system.',
  ].join('\n')}\n`;
}

function createEngine(options: OptionValues): Engine {
  return new Engine({ storageDir: storageDirectory(), settings: engineSettings(options) });
}

function parse(command: Command, args: readonly string[]): { positionals: string[]; options: OptionValues } {
  try {
    const { positionals, values } = parseArgs({
      args: [...args],
      options: { ...globalOptions, ...command.options },
      allowPositionals: true,
    });
    const [fewest, most] = command.arity;
    if (values['help'] !== true && (positionals.length < fewest || positionals.length > most)) {
      throw new UsageError(`Usage: sextant ${command.usage}`);
    }
    return { positionals, options: values };
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

async function runCommand(command: Command, args: readonly string[], signal: AbortSignal): Promise<void> {
  const { positionals, options } = parse(command, args);
  if (options['help'] === true) {
    process.stdout.write(`sextant ${command.usage}\n  ${command.summary}\n`);
    return;
  }
  let engine: Engine | undefined;
  const terminal = process.stderr.isTTY && options['json'] !== true;
  try {
    const result = await command.run({
      positionals,
      options,
      signal,
      engine: () => (engine ??= createEngine(options)),
      say: (message) => process.stderr.write(`${printable(message)}\n`),
      progress: (message) => {
        if (terminal) process.stderr.write(`\r\x1b[2K${printable(message)}`);
      },
    });
    if (terminal) process.stderr.write('\r\x1b[2K');
    await write(options['json'] === true ? `${JSON.stringify(result.json)}\n` : printable(result.text));
  } finally {
    await engine?.dispose();
  }
}

/** Waits until a pipe has taken everything: exiting earlier would cut a large answer. */
function write(text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(text, (error) => {
      if (error) reject(error);
      else resolve();
    });
  });
}

async function reportFailure(error: unknown, json: boolean): Promise<number> {
  const serialized = serializeError(error);
  if (json) await write(`${JSON.stringify({ error: serialized })}\n`);
  else {
    process.stderr.write(`sextant: ${printable(serialized.message)}\n`);
    if (serialized.hint !== undefined) process.stderr.write(`  ${printable(serialized.hint)}\n`);
  }
  if (isCancellation(error)) return 1;
  return error instanceof UsageError ? 2 : 1;
}

async function main(args: readonly string[]): Promise<number> {
  const [name, ...rest] = args;
  const interrupt = new AbortController();
  process.once('SIGINT', () => interrupt.abort());
  process.once('SIGTERM', () => interrupt.abort());
  try {
    if (name === undefined || name === 'help' || name === '--help' || name === '-h') {
      await write(help());
      return name === undefined ? 2 : 0;
    }
    const command = commands.find((candidate) => candidate.name === name);
    if (command === undefined) throw new UsageError(`There is no command «${name}».`);
    await runCommand(command, rest, interrupt.signal);
    return 0;
  } catch (error) {
    return reportFailure(error, args.includes('--json'));
  }
}

process.exitCode = await main(process.argv.slice(2));
