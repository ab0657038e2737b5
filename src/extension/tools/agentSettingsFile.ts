import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { withoutSecrets } from '../../shared/agentSettings.ts';
import type { EngineSettings, WorkspaceRoot } from '../../shared/protocol.ts';
import { readRoots } from '../workspace/workspaceRoots.ts';

/**
 * Tells the MCP server of this window's folders what the user configured, for when it has to open an index by itself: otherwise it
 * would index with settings of its own, files too that are excluded here. Holds no secrets.
 */
export class AgentSettingsFile {
  readonly #folder: string;
  readonly #settings: () => EngineSettings;

  /** `folder`: a folder of the extension's, made when it is needed. */
  constructor(folder: string, settings: () => EngineSettings) {
    this.#folder = folder;
    this.#settings = settings;
  }

  /** Brings a file that was written before up to date. */
  follow(): void {
    if (existsSync(this.#file(readRoots()))) this.write();
  }

  /**
   * Writes the file for the folders that are open now and returns its path, which is the same for the same folders; undefined where
   * there is none and none can be written.
   */
  write(): string | undefined {
    const roots = readRoots();
    const file = this.#file(roots);
    const content = JSON.stringify({ settings: withoutSecrets(this.#settings()), roots });
    try {
      if (existsSync(file) && readFileSync(file, 'utf8') === content) return file;
      mkdirSync(this.#folder, { recursive: true });
      writeFileSync(`${file}.partial`, content, { mode: 0o600 });
      renameSync(`${file}.partial`, file);
    } catch {
      // A full disk, or a scanner that holds it: the server is of use without it too.
      return existsSync(file) ? file : undefined;
    }
    return file;
  }

  #file(roots: readonly WorkspaceRoot[]): string {
    const folders = JSON.stringify(roots.map(({ path: folder }) => folder));
    const name = createHash('sha256').update(folders).digest('hex').slice(0, 16);
    return path.join(this.#folder, `window-${name}.json`);
  }
}
