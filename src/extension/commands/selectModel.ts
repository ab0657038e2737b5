import * as vscode from 'vscode';
import { SextantError } from '../../shared/errors.ts';
import type { ModelInstallation, ModelInventory, ModelPurpose } from '../../shared/models.ts';
import type { SettingKey } from '../../shared/settings.ts';
import { downloadModel, importModel, searchHub } from '../models/installModel.ts';
import { modelRows, removableRows, type ModelChoice } from '../models/modelRows.ts';
import { readableBytes } from '../models/readableBytes.ts';
import type { CommandContext, CommandHandler } from './commandContext.ts';

const setting: SettingKey = 'sextant.model.path';
const requiredFiles = ['config.json', 'tokenizer.json', 'model.safetensors'];

/**
 * The model manager: what is installed, what can be downloaded or imported, what can go. Choosing writes the setting; the
 * engine then builds a new index beside the old one. Without an engine, the embedded model and folders can be chosen.
 */
export const selectModel: CommandHandler = async (context) => {
  const inUse = context.settings().engine.modelPath;
  const inventory = context.engine.request('listModels', {}).catch(() => undefined);
  const rows = inventory.then((known) => modelRows(known, inUse));
  const picked = await vscode.window.showQuickPick(rows, {
    title: vscode.l10n.t('Sextant: models'),
    placeHolder: vscode.l10n.t('Select the embedding model; another model builds a new index beside the old one'),
    matchOnDescription: true,
    matchOnDetail: true,
  });
  if (picked?.choice !== undefined) await act(context, picked.choice, await inventory);
};

async function act(context: CommandContext, choice: ModelChoice, inventory: ModelInventory | undefined): Promise<void> {
  switch (choice.do) {
    case 'use':
      return use(context, choice.directory, choice.purpose);
    case 'download':
      return download(context, choice.repository);
    case 'hub':
      return download(context, await askForRepository(context));
    case 'import':
      return importFrom(context);
    case 'inPlace':
      return use(context, await chooseFolder(), 'embedding');
    case 'remove':
      return remove(context, inventory);
    case 'token':
      return context.hubToken.ask();
    case 'discard': {
      const { freedBytes } = await context.engine.request('discardDownloads', {});
      vscode.window.setStatusBarMessage(vscode.l10n.t('{0} freed', readableBytes(freedBytes)), 5000);
    }
  }
}

async function use(context: CommandContext, path: string | undefined, purpose: ModelPurpose): Promise<void> {
  if (path === undefined || path === context.settings().engine.modelPath) return;
  if (purpose === 'base' && !(await useBase())) return;
  await vscode.workspace.getConfiguration().update(setting, path, vscode.ConfigurationTarget.Global);
}

async function useBase(): Promise<boolean> {
  const anyway = vscode.l10n.t('Use Anyway');
  const text = vscode.l10n.t('This model is a base: its embeddings search poorly until it is fine-tuned.');
  return (await vscode.window.showWarningMessage(text, anyway)) === anyway;
}

async function download(context: CommandContext, repository: string | undefined): Promise<void> {
  if (repository === undefined) return;
  requireTrust();
  await finish(context, await downloadModel(context, repository));
}

async function importFrom(context: CommandContext): Promise<void> {
  requireTrust();
  // Where a dialog cannot offer files and folders together (Windows, Linux), it offers folders; so each has its own.
  const archive = vscode.l10n.t('Zip Archive');
  const folder = vscode.l10n.t('Folder');
  const kind = await vscode.window.showQuickPick([{ label: folder }, { label: archive }], {
    placeHolder: vscode.l10n.t('Import a model from'),
  });
  if (kind === undefined) return;
  const path = kind.label === folder ? await chooseFolder() : await chooseArchive();
  if (path !== undefined) await finish(context, await importModel(context, path));
}

/** Switches to what was installed, and says what is to be known about it. */
async function finish(context: CommandContext, installation: ModelInstallation | undefined): Promise<void> {
  if (installation === undefined) return;
  const { model, notes } = installation;
  if (notes.length > 0) {
    context.log.info(`${model.name}: ${notes.join(' ')}`);
    if (model.purpose !== 'base') void vscode.window.showInformationMessage(`${model.name}: ${notes.join(' ')}`);
  }
  await use(context, model.directory, model.purpose);
}

async function remove(context: CommandContext, inventory: ModelInventory | undefined): Promise<void> {
  if (inventory === undefined) return;
  requireTrust();
  const rows = removableRows(inventory, context.settings().engine.modelPath);
  const placeHolder =
    rows.length === 0
      ? vscode.l10n.t('The model in use cannot be removed; select another one first')
      : vscode.l10n.t('Remove a model from this machine');
  const picked = await vscode.window.showQuickPick(rows, { placeHolder, matchOnDetail: true });
  if (picked === undefined) return;
  const { freedBytes } = await context.engine.request('removeModel', { id: picked.id });
  vscode.window.setStatusBarMessage(vscode.l10n.t('{0} freed', readableBytes(freedBytes)), 5000);
}

/** Getting models reaches the network and the disk; a workspace that is not trusted gets index and search only. */
function requireTrust(): void {
  if (vscode.workspace.isTrusted) return;
  throw new SextantError(
    'workspace_untrusted',
    vscode.l10n.t('Models are not installed or removed in Restricted Mode.'),
    {
      hint: vscode.l10n.t('Trust the workspace, or do it in another window.'),
    },
  );
}

/** A name or an address is taken as it is; words are searched for. */
async function askForRepository(context: CommandContext): Promise<string | undefined> {
  requireTrust();
  const asked = await vscode.window.showInputBox({
    title: vscode.l10n.t('Sextant: model from the hub'),
    prompt: vscode.l10n.t(
      'Name or address of the model, such as Alibaba-NLP/gte-modernbert-base, or words to search for',
    ),
    ignoreFocusOut: true,
  });
  const text = asked?.trim() ?? '';
  if (text === '' || text.includes('/')) return text === '' ? undefined : text;
  const found = searchHub(context, text).then((hits) =>
    hits.map(({ repository, license, downloads }) => ({
      label: repository,
      description: [license ?? vscode.l10n.t('no licence stated'), vscode.l10n.t('{0} downloads', downloads)].join(
        ' · ',
      ),
    })),
  );
  const placeHolder = vscode.l10n.t('Models of the hub for “{0}” that run here', text);
  return (await vscode.window.showQuickPick(found, { placeHolder }))?.label;
}

async function chooseArchive(): Promise<string | undefined> {
  const [uri] =
    (await vscode.window.showOpenDialog({
      filters: { [vscode.l10n.t('Zip Archives')]: ['zip'] },
      openLabel: vscode.l10n.t('Import'),
    })) ?? [];
  return uri?.fsPath;
}

async function chooseFolder(): Promise<string | undefined> {
  const [uri] =
    (await vscode.window.showOpenDialog({
      canSelectFiles: false,
      canSelectFolders: true,
      openLabel: vscode.l10n.t('Use This Model'),
      title: vscode.l10n.t('Folder of a model in Hugging Face layout'),
    })) ?? [];
  if (!uri) return undefined;
  const missing: string[] = [];
  for (const name of requiredFiles) {
    await vscode.workspace.fs.stat(vscode.Uri.joinPath(uri, name)).then(undefined, () => missing.push(name));
  }
  if (missing.length === 0) return uri.fsPath;
  throw new SextantError(
    'model_invalid',
    vscode.l10n.t('{0} is not a model: {1} missing.', uri.fsPath, missing.join(', ')),
    { hint: vscode.l10n.t('Choose a folder with {0}.', requiredFiles.join(', ')) },
  );
}
