import path from 'node:path';
import { readModelFolder } from '../../engine/model/modelFolder.ts';
import { embeddedModelDirectory } from '../../engine/paths.ts';
import { stringOption, UsageError, type Command, type CommandResult, type OptionValues } from '../command.ts';
import { embeddedModelNames, resolveModel } from '../models.ts';

function list(): CommandResult {
  const standard = path.basename(embeddedModelDirectory);
  const models = embeddedModelNames().map((name) => ({ name, default: name === standard }));
  const text = models.map((model) => `${model.name}${model.default ? '  (default)' : ''}`).join('\n');
  return { json: { models }, text: `${text}\n` };
}

async function info(name: string | undefined, options: OptionValues): Promise<CommandResult> {
  const folder = resolveModel(name ?? stringOption(options, 'model')) || embeddedModelDirectory;
  const model = await readModelFolder(folder);
  const json = {
    name: model.name,
    directory: folder,
    fingerprint: model.fingerprint,
    dimension: model.dimension,
    pooling: model.pooling,
    prefixes: model.prefixes,
    maxTokens: model.maxTokens,
  };
  const text = Object.entries(json).map(
    ([key, value]) => `${key.padEnd(12)} ${typeof value === 'object' ? JSON.stringify(value) : value}`,
  );
  return { json, text: `${text.join('\n')}\n` };
}

export const modelCommand: Command = {
  name: 'model',
  usage: 'model list|info [NAME|DIR]',
  summary: 'Show the models that are installed, or one in detail.',
  options: {},
  arity: [1, 2],
  async run({ positionals: [action, name], options }) {
    if (action === 'list') return list();
    if (action === 'info') return info(name, options);
    throw new UsageError(`model takes list or info, not «${action ?? ''}».`);
  },
};
