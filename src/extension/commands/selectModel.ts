import * as vscode from 'vscode';
import { SextantError } from '../../shared/errors.ts';
import type { SettingKey } from '../../shared/settings.ts';
import type { CommandHandler } from './commandContext.ts';

const setting: SettingKey = 'sextant.model.path';
const requiredFiles = ['config.json', 'tokenizer.json', 'model.safetensors'];

/** Chooses the model: the one that ships with Sextant, or a folder. Only writes the setting, so it needs no engine. */
export const selectModel: CommandHandler = async ({ settings }) => {
  const current = settings().engine.modelPath;
  const mark = (chosen: boolean): string => (chosen ? vscode.l10n.t('in use') : '');
  const embedded = {
    label: `$(package) ${vscode.l10n.t('Embedded Default')}`,
    description: mark(current === ''),
    detail: vscode.l10n.t('The model that ships with Sextant.'),
  };
  const folder = {
    label: `$(folder-opened) ${vscode.l10n.t('Choose a Folder…')}`,
    description: mark(current !== ''),
    detail: current || vscode.l10n.t('A ModernBERT model in Hugging Face layout on this machine.'),
  };
  const placeHolder = vscode.l10n.t('Select the embedding model; another model builds a new index beside the old one');
  const picked = await vscode.window.showQuickPick([embedded, folder], { placeHolder });
  if (!picked) return;
  const path = picked === embedded ? '' : await chooseFolder();
  if (path === undefined || path === current) return;
  await vscode.workspace.getConfiguration().update(setting, path, vscode.ConfigurationTarget.Global);
};

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
  if (missing.length > 0) {
    throw new SextantError(
      'model_invalid',
      vscode.l10n.t('{0} is not a model: {1} missing.', uri.fsPath, missing.join(', ')),
      {
        hint: vscode.l10n.t('Choose a folder with {0}.', requiredFiles.join(', ')),
      },
    );
  }
  return uri.fsPath;
}
