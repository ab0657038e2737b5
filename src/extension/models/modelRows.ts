import * as vscode from 'vscode';
import type { CuratedModel, InstalledModel, ModelInventory } from '../../shared/models.ts';
import { readableBytes } from './readableBytes.ts';

/** What the user can do in the manager. */
export type ModelChoice =
  | { readonly do: 'use'; readonly directory: string; readonly purpose: InstalledModel['purpose'] }
  | { readonly do: 'download'; readonly repository: string }
  | { readonly do: 'hub' | 'import' | 'inPlace' | 'remove' | 'token' | 'discard' };

export type ModelRow = vscode.QuickPickItem & { readonly choice?: ModelChoice };

/**
 * The rows of the manager: what is installed, what can be had, and more ways to get a model. Without an inventory (no
 * engine) only the embedded model and the folders of this machine are left.
 */
export function modelRows(inventory: ModelInventory | undefined, inUse: string): ModelRow[] {
  const installed = inventory?.installed ?? [];
  const own = installed.filter(({ embedded }) => !embedded);
  return [
    separator(vscode.l10n.t('Installed')),
    embeddedRow(
      installed.find(({ embedded }) => embedded),
      inUse,
    ),
    ...own.map((model) => installedRow(model, inUse)),
    ...foreignRow(own, inUse),
    ...curatedRows(inventory),
    separator(vscode.l10n.t('More')),
    ...(inventory === undefined ? [] : hubRows()),
    {
      label: `$(folder-opened) ${vscode.l10n.t('Use a Folder Where It Is…')}`,
      detail: vscode.l10n.t('A model in Hugging Face layout on this machine, not copied.'),
      choice: { do: 'inPlace' },
    },
    ...(own.length > 0 ? [action('trash', vscode.l10n.t('Remove a Model…'), 'remove')] : []),
    ...discardRow(inventory),
  ];
}

/** Installed models that can be removed. */
export function removableRows(inventory: ModelInventory, inUse: string): (vscode.QuickPickItem & { id: string })[] {
  return inventory.installed
    .filter(({ embedded, directory }) => !embedded && directory !== inUse)
    .map((model) => ({ id: model.id, label: model.name, description: facts(model), detail: model.id }));
}

function embeddedRow(model: InstalledModel | undefined, inUse: string): ModelRow {
  return {
    label: `$(package) ${vscode.l10n.t('Embedded Default')}`,
    description: mark(inUse === '', model === undefined ? '' : facts(model)),
    detail: vscode.l10n.t('The model that ships with Sextant.'),
    choice: { do: 'use', directory: '', purpose: 'embedding' },
  };
}

function installedRow(model: InstalledModel, inUse: string): ModelRow {
  const { directory, purpose, problem } = model;
  const base = purpose === 'base' ? vscode.l10n.t('A base: needs fine-tuning before it searches well.') : model.id;
  return {
    label: `$(${problem === undefined ? 'symbol-misc' : 'error'}) ${model.name}`,
    description: mark(inUse === directory, facts(model)),
    detail: problem ?? base,
    choice: { do: 'use', directory, purpose },
  };
}

/** The folder that the setting names, when it is none of the library's. */
function foreignRow(own: readonly InstalledModel[], inUse: string): ModelRow[] {
  if (inUse === '' || own.some(({ directory }) => directory === inUse)) return [];
  return [
    {
      label: `$(folder) ${inUse}`,
      description: mark(true, ''),
      choice: { do: 'use', directory: inUse, purpose: 'embedding' },
    },
  ];
}

function curatedRows(inventory: ModelInventory | undefined): ModelRow[] {
  if (inventory === undefined) return [];
  const have = new Set(inventory.installed.map(({ name }) => name));
  const missing = inventory.curated.filter(({ repository }) => !have.has(repository));
  const group = (purpose: CuratedModel['purpose'], title: string): ModelRow[] => {
    const models = missing.filter((model) => model.purpose === purpose);
    return models.length === 0 ? [] : [separator(title), ...models.map(curatedRow)];
  };
  return [
    ...group('embedding', vscode.l10n.t('To Download')),
    ...group('base', vscode.l10n.t('To Download and Fine-Tune')),
  ];
}

function curatedRow({ repository, parameters, dimension, license, summary }: CuratedModel): ModelRow {
  return {
    label: `$(cloud-download) ${repository}`,
    description: vscode.l10n.t('{0} M parameters · {1} dimensions · {2}', parameters, dimension, license),
    detail: summary,
    choice: { do: 'download', repository },
  };
}

function hubRows(): ModelRow[] {
  return [
    {
      label: `$(globe) ${vscode.l10n.t('From the Hub…')}`,
      detail: vscode.l10n.t('Any ModernBERT or BERT encoder with safetensors weights, by its name.'),
      choice: { do: 'hub' },
    },
    {
      label: `$(file-zip) ${vscode.l10n.t('From a Folder or Zip Archive…')}`,
      detail: vscode.l10n.t('Copies a model into Sextant’s storage, for machines without a network.'),
      choice: { do: 'import' },
    },
    action('key', vscode.l10n.t('Set Hub Token…'), 'token'),
  ];
}

function discardRow(inventory: ModelInventory | undefined): ModelRow[] {
  if (inventory === undefined) return [];
  const kept = inventory.installed.reduce((sum, { bytes, embedded }) => sum + (embedded ? 0 : bytes), 0);
  const loose = inventory.bytes - kept;
  if (loose < 1e6) return [];
  return [action('clear-all', vscode.l10n.t('Discard Unfinished Downloads ({0})', readableBytes(loose)), 'discard')];
}

function facts({ bytes, dimension, license }: InstalledModel): string {
  const size = dimension === undefined ? [] : [vscode.l10n.t('{0} dimensions', dimension)];
  return [readableBytes(bytes), ...size, license ?? vscode.l10n.t('no licence stated')].join(' · ');
}

function mark(chosen: boolean, rest: string): string {
  return [...(chosen ? [vscode.l10n.t('in use')] : []), ...(rest === '' ? [] : [rest])].join(' · ');
}

function separator(label: string): ModelRow {
  return { label, kind: vscode.QuickPickItemKind.Separator };
}

function action(icon: string, label: string, what: 'remove' | 'token' | 'discard'): ModelRow {
  return { label: `$(${icon}) ${label}`, choice: { do: what } };
}
