import { realpathSync, statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { SextantError } from '../../shared/errors.ts';
import type { WorkspaceRoot } from '../../shared/protocol.ts';

/** True for the folder itself and all below it; both absolute with links resolved. */
export function isWithin(folder: string, candidate: string): boolean {
  const relative = path.relative(folder, candidate);
  return relative === '' || (relative !== '..' && !relative.startsWith(`..${path.sep}`) && !path.isAbsolute(relative));
}

function realFolder(file: string): string | undefined {
  try {
    return statSync(file).isDirectory() ? realpathSync(file) : undefined;
  } catch {
    return undefined;
  }
}

/** The folder that a root of a client names; undefined for what is not a folder of this machine. */
function folderOfRoot(uri: string): string | undefined {
  try {
    return realFolder(fileURLToPath(uri));
  } catch {
    return undefined;
  }
}

/** What both allow: of two folders within each other the inner one. */
function common(configured: readonly string[], granted: readonly string[]): string[] {
  return configured.flatMap((ours) =>
    granted.flatMap((theirs) => (isWithin(theirs, ours) ? [ours] : isWithin(ours, theirs) ? [theirs] : [])),
  );
}

/** Without those that lie within another: their files would be found twice. */
function outermost(folders: readonly string[]): string[] {
  const distinct = [...new Set(folders)];
  return distinct.filter((folder) => !distinct.some((other) => other !== folder && isWithin(other, folder)));
}

function named(folders: readonly string[]): WorkspaceRoot[] {
  const names = folders.map((folder) => path.basename(folder) || folder);
  return folders.map((folder, index) => {
    const shared = names.filter((name) => name === names[index]).length > 1;
    const name = shared ? `${path.basename(path.dirname(folder))}-${names[index]!}` : names[index]!;
    return { uri: pathToFileURL(folder).href, path: folder, name };
  });
}

/** The folder the server was started in, unless that is where all of a user's or the machine's files lie. */
function startFolder(cwd: string): string[] {
  const folder = realFolder(cwd);
  const home = realFolder(os.homedir());
  const everything =
    folder !== undefined && (path.dirname(folder) === folder || (home !== undefined && isWithin(folder, home)));
  return folder === undefined || everything ? [] : [folder];
}

/**
 * The folders that may be searched, links resolved. `configured`: what the user named with `--dir`. `granted`: URIs of the
 * client's roots, undefined when the client does not know of roots. Where both are there, both must allow a folder;
 * where neither is, it is the folder the server was started in.
 * @throws SextantError `workspace_missing` when nothing is left.
 */
export function allowedFolders(
  configured: readonly string[],
  granted: readonly string[] | undefined,
  cwd: string,
): WorkspaceRoot[] {
  const theirs = granted?.map(folderOfRoot).filter((folder) => folder !== undefined);
  const chosen =
    theirs === undefined
      ? configured.length > 0
        ? configured
        : startFolder(cwd)
      : configured.length > 0
        ? common(configured, theirs)
        : theirs;
  const folders = named(outermost(chosen));
  if (folders.length > 0) return folders;
  throw new SextantError('workspace_missing', 'There is no folder that may be searched.', {
    hint:
      theirs === undefined
        ? 'Start the server with --dir DIR, or in the folder of a project.'
        : 'The client’s roots and the folders given with --dir have none in common, or the client has no root.',
  });
}
