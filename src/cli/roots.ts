import { realpathSync, statSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { SextantError } from '../shared/errors.ts';
import type { WorkspaceRoot } from '../shared/protocol.ts';

/**
 * The folder as a workspace root with its links resolved, so that one folder has one index however it is named.
 *
 * @throws {SextantError} `workspace_missing` when there is no such folder.
 */
export function workspaceRoot(directory = '.'): WorkspaceRoot {
  const folder = path.resolve(directory);
  const stats = statSync(folder, { throwIfNoEntry: false });
  if (!stats?.isDirectory()) {
    throw new SextantError('workspace_missing', stats ? `${folder} is not a folder.` : `There is no folder ${folder}.`);
  }
  const real = realpathSync(folder);
  return { uri: pathToFileURL(real).href, path: real, name: path.basename(real) };
}
