import { spawnSync } from 'node:child_process';
import path from 'node:path';

const root = path.join(import.meta.dirname, '..');
const question = process.argv[2] ?? 'split camelCase identifiers into words';

/** Runs the command line as a user would and ends with its exit code when it fails. */
function sextant(...args: string[]): void {
  console.log(`\n$ npm run -s sextant -- ${args.map((arg) => (/\s/.test(arg) ? `'${arg}'` : arg)).join(' ')}`);
  const { status } = spawnSync(process.execPath, [path.join(root, 'dist', 'cli.mjs'), ...args], {
    cwd: root,
    stdio: 'inherit',
  });
  if (status !== 0) process.exit(status ?? 1);
}

sextant('index', '.');
sextant('search', question, '--dir', '.', '--limit', '3', '--no-refresh');
console.log(`
Ask your own:         npm run -s sextant -- search 'where are vectors quantised?' --dir FOLDER
Open it in VS Code:   npm run vscode -- FOLDER`);
