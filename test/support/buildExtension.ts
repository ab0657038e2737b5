import { spawnSync } from 'node:child_process';
import path from 'node:path';

/** Bundles the extension, the engine and the command line into `dist`, as they are packaged. @throws Error with what the build says. */
export function buildExtension(): void {
  const cwd = path.join(import.meta.dirname, '..', '..');
  const { status, stderr } = spawnSync(process.execPath, ['scripts/build.ts'], { cwd, encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
}
