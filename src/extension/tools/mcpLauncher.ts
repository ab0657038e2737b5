import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const fileName = 'sextant.mjs';

function launcherText(entry: string): string {
  return `// Written by the Sextant extension; follows it when it is updated.\nawait import(${JSON.stringify(pathToFileURL(entry).href)});\n`;
}

export interface McpLauncherOptions {
  /** The extension's global storage: its path outlives updates, the extension's own does not. */
  readonly folder: string;
  /** Absolute path of the command line's bundle. */
  readonly entry: string;
  readonly storageDir: string;
  /** Writes what the user configured and returns the file, if that is possible. */
  readonly windowSettings: () => string | undefined;
}

/** A file with a lasting path that starts the MCP server of whichever version is installed, for clients outside of VS Code. */
export class McpLauncher {
  readonly #options: McpLauncherOptions;
  readonly #file: string;

  constructor(options: McpLauncherOptions) {
    this.#options = options;
    this.#file = path.join(options.folder, fileName);
  }

  /** Lets a launcher that was made by an earlier version start this one. */
  async follow(): Promise<void> {
    const before = await readFile(this.#file, 'utf8').catch(() => undefined);
    if (before !== undefined && before !== launcherText(this.#options.entry)) await this.#write();
  }

  /** What MCP clients want in their `mcpServers`, for these folders; without folders the client's roots are served. */
  async configuration(folders: readonly string[]): Promise<string> {
    await this.#write();
    const settings = folders.length === 0 ? undefined : this.#options.windowSettings();
    const sextant = {
      command: process.execPath,
      args: [
        this.#file,
        'mcp',
        ...folders.flatMap((folder) => ['--dir', folder]),
        ...(settings === undefined ? [] : ['--window-settings', settings]),
      ],
      // The program may be VS Code's own, which is Node.js when it is told so.
      env: { ELECTRON_RUN_AS_NODE: '1', SEXTANT_HOME: this.#options.storageDir },
    };
    return `${JSON.stringify({ mcpServers: { sextant } }, undefined, 2)}\n`;
  }

  async #write(): Promise<void> {
    await mkdir(this.#options.folder, { recursive: true });
    await writeFile(this.#file, launcherText(this.#options.entry));
  }
}
