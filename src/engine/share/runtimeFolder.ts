import { chmodSync, lstatSync, mkdirSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { SextantError } from '../../shared/errors.ts';

/** Only the owner may look: it holds the tokens that open the sockets in it. */
const ownerOnly = 0o700;
const others = 0o077;

/** Where the engines of this user make themselves known: `SEXTANT_RUNTIME_DIR`, or the folder this system has for such things. */
export function runtimeFolder(
  env: NodeJS.ProcessEnv = process.env,
  platform: NodeJS.Platform = process.platform,
): string {
  const chosen = env['SEXTANT_RUNTIME_DIR'];
  if (chosen !== undefined && chosen !== '') return path.resolve(chosen);
  if (platform === 'win32') {
    const local = env['LOCALAPPDATA'] ?? path.join(os.homedir(), 'AppData', 'Local');
    return path.join(local, 'sextant', 'run');
  }
  // Not XDG_RUNTIME_DIR, which is missing from the environment of what a service or a container starts: all must find the
  // same folder. Not the folder for temporary files, which is swept while a window is open for days.
  const home = os.homedir();
  if (platform === 'darwin') return path.join(home, 'Library', 'Application Support', 'sextant', 'run');
  return path.join(home, '.local', 'state', 'sextant', 'run');
}

/** Longest address of a Unix domain socket that every system takes, in bytes (macOS has 104 with the closing zero). */
const longestAddress = 103;

/** Address for a new socket of this process; outside of `folder` where its name would be too long. */
export function socketAddress(folder: string, id: string): string {
  if (process.platform === 'win32') return `\\\\.\\pipe\\sextant-${id}`;
  const address = path.join(folder, `${id}.sock`);
  if (Buffer.byteLength(address) <= longestAddress) return address;
  return path.join(securedFolder(path.join('/tmp', `sextant-${os.userInfo().uid}`)), `${id}.sock`);
}

/**
 * Makes sure that the folder is there and nobody else's.
 * @throws SextantError `engine_unavailable` for a folder or link that another user may have put there.
 */
export function securedFolder(folder: string): string {
  mkdirSync(folder, { recursive: true, mode: ownerOnly });
  if (process.platform === 'win32') return folder;
  const stats = lstatSync(folder);
  if (!stats.isDirectory() || stats.uid !== process.getuid?.()) {
    throw new SextantError('engine_unavailable', `${folder} belongs to somebody else; engines are not shared.`, {
      hint: 'Set SEXTANT_RUNTIME_DIR to a folder of your own.',
    });
  }
  if ((stats.mode & others) !== 0) chmodSync(folder, ownerOnly);
  return folder;
}
