import type { EngineSettings } from '../../shared/protocol.ts';
import type { EngineClient } from '../engine/engineClient.ts';
import { readRoots } from './workspaceRoots.ts';

/** Tells the engine of settings and folders, each only when it really changed, and starts it when a folder wants indexing. */
export class WorkspaceSync {
  readonly #client: EngineClient;
  readonly #inBackground: (work: Promise<unknown>) => void;
  #lastSettings = '';
  #lastRoots = '';

  constructor(client: EngineClient, inBackground: (work: Promise<unknown>) => void) {
    this.#client = client;
    this.#inBackground = inBackground;
  }

  settings(settings: EngineSettings): void {
    const key = JSON.stringify(settings);
    if (key !== this.#lastSettings) this.#inBackground(this.#client.setSettings(settings));
    this.#lastSettings = key;
    this.roots();
  }

  roots(): void {
    const roots = readRoots();
    const key = JSON.stringify(roots);
    if (key === this.#lastRoots) return;
    this.#lastRoots = key;
    this.#inBackground(this.#client.setRoots(roots));
    if (!roots.some((root) => root.settings?.automatic !== false)) return;
    // Forking blocks for a moment, which must not count as the activation of the extension.
    setImmediate(() => this.#client.start());
  }
}
