import os from 'node:os';
import path from 'node:path';

/** Where the command line keeps its indexes: `SEXTANT_HOME`, or the data folder that this system gives to programs. */
export function storageDirectory(
  env: NodeJS.ProcessEnv = process.env,
  platform: NodeJS.Platform = process.platform,
): string {
  const chosen = env['SEXTANT_HOME'];
  if (chosen !== undefined && chosen !== '') return path.resolve(chosen);
  const home = os.homedir();
  if (platform === 'win32') return path.join(env['LOCALAPPDATA'] ?? path.join(home, 'AppData', 'Local'), 'sextant');
  if (platform === 'darwin') return path.join(home, 'Library', 'Application Support', 'sextant');
  const data = env['XDG_DATA_HOME'];
  return path.join(data !== undefined && data !== '' ? data : path.join(home, '.local', 'share'), 'sextant');
}
