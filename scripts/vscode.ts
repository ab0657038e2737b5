import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { ensureCodeServer, installExtension, SetupError, startCodeServer } from './codeServer.ts';
import { hostTarget, isTarget, packageExtension } from './package.ts';

const root = path.join(import.meta.dirname, '..');

/** Desktop VS Code with the extension loaded from this folder; false where there is none. */
function openDesktop(folder: string): boolean {
  for (const name of ['code', 'code-insiders', 'codium']) {
    const { status } = spawnSync(name, [`--extensionDevelopmentPath=${root}`, folder], {
      stdio: 'inherit',
      shell: process.platform === 'win32',
    });
    if (status === 0) return true;
  }
  return false;
}

/** VS Code in the browser, from npm, with the packaged extension; runs until interrupted. */
async function openBrowser(folder: string): Promise<void> {
  if (!isTarget(hostTarget)) throw new SetupError(`VS Code in the browser is not available for ${hostTarget}.`);
  const log = (text: string): void => void process.stderr.write(text);
  await ensureCodeServer({ log });
  const home = path.join(root, '.tools', 'vscode');
  const extensionsDir = path.join(home, 'extensions');
  const userDataDir = path.join(home, 'user-data');
  mkdirSync(extensionsDir, { recursive: true });
  await installExtension({ vsix: await packageExtension(hostTarget), extensionsDir, userDataDir });
  const server = await startCodeServer({ folder, extensionsDir, userDataDir });
  console.log(`VS Code is at ${server.url} (Sextant: the sextant on the left). Ctrl+C stops it.`);
  await new Promise<void>((resolve) => {
    process.once('SIGINT', resolve);
    process.once('SIGTERM', resolve);
  });
  await server.stop();
}

const folder = path.resolve(process.argv[2] ?? '.');
if (!existsSync(folder)) {
  console.error(`sextant: there is no folder ${folder}.`);
  process.exit(2);
}
try {
  const desktop = (process.env['DISPLAY'] ?? '') !== '' || process.platform !== 'linux';
  if (!desktop || !openDesktop(folder)) await openBrowser(folder);
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  console.error(`sextant: ${error.message}`);
  process.exit(1);
}
