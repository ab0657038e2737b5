import * as vscode from 'vscode';
import { defaultEngineSettings, type EngineSettings, type RootSettings } from '../../shared/protocol.ts';
import type { SearchMode } from '../../shared/search.ts';
import { usableSetting, type SettingKey, type SettingValue } from '../../shared/settings.ts';
import { mergeExcludes, type ExcludeSetting } from './excludes.ts';
import { readRemoteSettings } from './remoteSettings.ts';
import { readTeamSettings } from './teamSettings.ts';

/** Everything the user configured outside of single folders, read at one moment; never changed afterwards. */
export interface SettingsSnapshot {
  readonly engine: EngineSettings;
  readonly searchMode: SearchMode;
  readonly maxResults: number;
  readonly duplicatesThreshold: number;
  /** Whether VS Code is told of our MCP server. */
  readonly mcpServer: boolean;
}

/** Settings that decide what is indexed besides our own. */
const foreignSections = ['files.exclude', 'search.exclude', 'http'];

function read<K extends SettingKey>(key: K, scope?: vscode.Uri): SettingValue<K> {
  const value = vscode.workspace.getConfiguration(undefined, scope ?? null).get<unknown>(key);
  if (value === undefined) throw new Error(`The manifest does not declare ${key}.`);
  return usableSetting(key, value);
}

/** `keyOf`: the key or password of a server as far as it is known. */
export function readSettings(keyOf: (url: string) => string | undefined): SettingsSnapshot {
  const remote = readRemoteSettings(read, keyOf);
  const team = readTeamSettings(read, keyOf);
  return {
    engine: {
      ...defaultEngineSettings,
      backend: read('sextant.runtime.backend'),
      precision: read('sextant.runtime.precision'),
      threads: read('sextant.runtime.threads'),
      gpuMemoryMB: read('sextant.runtime.gpuMemoryMB'),
      modelPath: read('sextant.model.path'),
      commitLimit: read('sextant.commits.limit'),
      ...(remote === undefined ? {} : { remote }),
      ...(team === undefined ? {} : { team }),
    },
    searchMode: read('sextant.search.mode'),
    maxResults: read('sextant.search.maxResults'),
    duplicatesThreshold: read('sextant.duplicates.threshold'),
    mcpServer: read('sextant.agents.mcpServer'),
  };
}

/** The settings that may differ from folder to folder. */
export function readRootSettings(folder: vscode.Uri): RootSettings & { readonly automatic: boolean } {
  const exclude = (section: string): ExcludeSetting =>
    vscode.workspace.getConfiguration(section, folder).get<Record<string, unknown>>('exclude');
  return {
    automatic: read('sextant.index.automatic', folder),
    exclude: mergeExcludes(exclude('files'), exclude('search'), read('sextant.index.exclude', folder)),
    useGitignore: read('sextant.index.useIgnoreFiles', folder),
    maxFileSizeBytes: read('sextant.index.maxFileSizeKB', folder) * 1024,
  };
}

/** True when the change may alter a {@link SettingsSnapshot} or a folder's settings. */
export function concernsSextant(change: vscode.ConfigurationChangeEvent): boolean {
  return ['sextant', ...foreignSections].some((section) => change.affectsConfiguration(section));
}
