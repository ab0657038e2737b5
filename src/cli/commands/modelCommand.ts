import { existsSync } from 'node:fs';
import path from 'node:path';
import { readModelFolder } from '../../engine/model/modelFolder.ts';
import { curatedModels } from '../../engine/models/curated.ts';
import { ModelService } from '../../engine/models/modelService.ts';
import { parseRepository } from '../../engine/models/repositoryName.ts';
import { embeddedModelDirectory } from '../../engine/paths.ts';
import { SextantError } from '../../shared/errors.ts';
import type { InstalledModel, ModelInstallation, ModelOffer, ModelProgress } from '../../shared/models.ts';
import { stringOption, UsageError, type Command, type CommandContext, type CommandResult } from '../command.ts';
import { hubAccess, modelLibrary, resolveModel } from '../models.ts';
import { confirm } from '../confirm.ts';
import { modelRun, modelRunOptions, modelRunUsage } from './modelRun.ts';

type Action = (context: CommandContext, name: string | undefined) => Promise<CommandResult>;

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`;

function service({ progress }: CommandContext): ModelService {
  return new ModelService({ library: modelLibrary(), onProgress: (state) => progress(progressLine(state)) });
}

/** One line of progress for a terminal. */
function progressLine(progress: ModelProgress): string {
  const { phase, doneBytes, totalBytes, bytesPerSecond, etaSeconds, detail } = progress;
  const parts = [`${phase} ${megabytes(doneBytes)} of ${megabytes(totalBytes)}`];
  if (detail !== undefined) parts.push(detail);
  else if (phase === 'downloading' && bytesPerSecond !== undefined) parts.push(`${megabytes(bytesPerSecond)}/s`);
  if (phase === 'downloading' && etaSeconds !== undefined) parts.push(`${Math.ceil(etaSeconds)} s left`);
  return parts.join(' · ');
}

async function list(context: CommandContext): Promise<CommandResult> {
  const inventory = await service(context).list();
  const current = resolveModel(undefined) || embeddedModelDirectory;
  const standard = path.basename(embeddedModelDirectory);
  const models = inventory.installed.map((model) => ({
    ...model,
    default: model.embedded && model.id === standard,
    selected: path.resolve(model.directory) === path.resolve(current),
  }));
  const repositories = new Set(models.map(({ name }) => name.toLowerCase()));
  const available = curatedModels
    .filter(({ repository }) => !repositories.has(repository.toLowerCase()))
    .map(({ repository, purpose, parameters, dimension, license, summary }) => ({
      repository,
      purpose,
      parameters,
      dimension,
      license,
      summary,
    }));
  const lines = [
    ...models.map((model) => `${model.selected ? '*' : ' '} ${describe(model)}`),
    '',
    `${megabytes(inventory.bytes)} in ${inventory.directory}, ${megabytes(inventory.freeBytes)} free`,
    '',
    'To install with `sextant model add NAME`:',
    ...available.map((model) => `  ${model.repository}  ${model.parameters} M, ${model.license}: ${model.summary}`),
    '',
  ];
  const { directory, bytes, freeBytes } = inventory;
  return { json: { models, available, directory, bytes, freeBytes }, text: lines.join('\n') };
}

function describe(model: InstalledModel): string {
  return [
    model.name === model.id ? model.id : `${model.name}  (${model.id})`,
    megabytes(model.bytes),
    ...(model.dimension === undefined ? [] : [`${model.dimension} dimensions`]),
    model.license ?? 'no licence stated',
    ...(model.embedded ? ['ships with Sextant'] : []),
    ...(model.purpose === 'base' ? ['to fine-tune'] : []),
    ...(model.problem === undefined ? [] : [model.problem]),
  ].join('  ');
}

async function info({ options }: CommandContext, name: string | undefined): Promise<CommandResult> {
  const folder = resolveModel(name ?? stringOption(options, 'model')) || embeddedModelDirectory;
  const model = await readModelFolder(folder);
  const installed = (await modelLibrary().list()).find(({ directory }) => directory === folder);
  const json = {
    name: model.name,
    directory: folder,
    fingerprint: model.fingerprint,
    dimension: model.dimension,
    pooling: model.pooling,
    prefixes: model.prefixes,
    maxTokens: model.maxTokens,
    license: model.license ?? installed?.license ?? null,
    purpose: installed?.purpose ?? 'embedding',
    bytes: installed?.bytes ?? model.weights.fileBytes,
    source: installed?.source ?? null,
  };
  const text = Object.entries(json).map(
    ([key, value]) => `${key.padEnd(12)} ${typeof value === 'object' ? JSON.stringify(value) : value}`,
  );
  return { json, text: `${text.join('\n')}\n` };
}

/** A path that exists is imported; anything else is a name on the hub. */
async function add(context: CommandContext, name: string | undefined): Promise<CommandResult> {
  if (name === undefined) throw new UsageError('model add takes organisation/name, a folder or a zip archive.');
  const models = service(context);
  const { signal, options } = context;
  if (existsSync(name)) {
    const as = stringOption(options, 'name');
    return installed(await models.import(path.resolve(name), { signal, ...(as === undefined ? {} : { name: as }) }));
  }
  const { repository, revision } = parseRepository(name);
  const access = hubAccess();
  const offer = await models.offer(repository, access, { signal, ...(revision === undefined ? {} : { revision }) });
  if (!offer.installed) await acceptLicense(context, offer);
  const { license, commit } = offer;
  const request = { repository: offer.repository, commit, license, access, task: 'add' };
  return installed(await models.add(request, signal));
}

async function acceptLicense({ options, say }: CommandContext, offer: ModelOffer): Promise<void> {
  say(
    [
      `${offer.repository} at ${offer.commit.slice(0, 8)}: ${megabytes(offer.bytes)} to download` +
        (offer.partialBytes > 0 ? `, of which ${megabytes(offer.partialBytes)} are here` : ''),
      `Licence: ${offer.license ?? 'none stated'} (${offer.licenseUrl})`,
      ...offer.notes,
    ].join('\n'),
  );
  if (options['accept-license'] === true) return;
  if (options['json'] !== true && (await confirm('Accept the licence and download?'))) return;
  throw new SextantError('license_required', `The licence of ${offer.repository} was not accepted.`, {
    hint: `Read it at ${offer.licenseUrl}, then add --accept-license.`,
  });
}

function installed({ model, notes }: ModelInstallation): CommandResult {
  const lines = [
    `Installed ${describe(model)}`,
    ...notes,
    `Use it with --model ${model.name}, or \`sextant model select ${model.name}\`.`,
  ];
  return { json: { model, notes }, text: `${lines.join('\n')}\n` };
}

async function search(context: CommandContext, query: string | undefined): Promise<CommandResult> {
  if (query === undefined) throw new UsageError('model search takes words of a name.');
  const { hits } = await service(context).search(query, hubAccess(), context.signal);
  const lines = hits.map(
    (hit) => `${hit.repository}  ${hit.license ?? 'no licence stated'}  ${hit.downloads} downloads`,
  );
  return { json: { hits }, text: `${lines.join('\n') || 'Nothing was found.'}\n` };
}

async function remove(context: CommandContext, name: string | undefined): Promise<CommandResult> {
  const models = service(context);
  if (context.options['downloads'] === true) {
    const { freedBytes } = await models.discardDownloads();
    return { json: { freedBytes }, text: `Freed ${megabytes(freedBytes)} of unfinished downloads.\n` };
  }
  if (name === undefined) throw new UsageError('model remove takes the name of an installed model, or --downloads.');
  const wasSelected = models.library.selected() === models.library.folderOf(name);
  const { model, freedBytes } = await models.remove(name);
  const more = wasSelected ? ' The embedded default is selected now.' : '';
  return {
    json: { removed: model.id, freedBytes },
    text: `Removed ${model.name}, freed ${megabytes(freedBytes)}.${more}\n`,
  };
}

function select(_context: CommandContext, name: string | undefined): Promise<CommandResult> {
  const library = modelLibrary();
  if (name !== undefined) library.select(name === 'default' ? undefined : name);
  const directory = library.selected() ?? embeddedModelDirectory;
  return Promise.resolve({ json: { directory }, text: `${directory}\n` });
}

const actions: Readonly<Record<string, Action>> = { list, info, search, add, remove, select, run: modelRun };

export const modelCommand: Command = {
  name: 'model',
  usage: `model list | info [NAME|DIR] | search WORDS | add ORG/NAME[@REVISION]|DIR|FILE.zip [--accept-license] [--name N] | remove NAME|--downloads | select [NAME|default] | ${modelRunUsage.replace('model ', '')}`,
  summary: 'Show, install, remove and choose models.',
  options: {
    'accept-license': { type: 'boolean' },
    name: { type: 'string' },
    downloads: { type: 'boolean' },
    ...modelRunOptions,
  },
  arity: [1, 2],
  async run(context) {
    const [action = '', name] = context.positionals;
    const act = actions[action];
    if (act === undefined) throw new UsageError(`model takes ${Object.keys(actions).join(', ')}, not «${action}».`);
    return act(context, name);
  },
};
