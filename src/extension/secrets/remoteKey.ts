import type * as vscode from 'vscode';

/**
 * The key of an embedding server, or the password of a shared index, in the system's secret storage by the server's address: none is
 * ever sent to another.
 */
export class RemoteKey implements vscode.Disposable {
  readonly #secrets: vscode.SecretStorage;
  readonly #onChange: () => void;
  readonly #known = new Map<string, string | undefined>();
  readonly #subscription: vscode.Disposable;

  /** `onChange`: a key is known that was not, or is another one. */
  constructor(secrets: vscode.SecretStorage, onChange: () => void) {
    this.#secrets = secrets;
    this.#onChange = onChange;
    this.#subscription = secrets.onDidChange(({ key }) => {
      if (this.#known.has(key)) void this.#load(key);
    });
  }

  /** The key as far as it is read by now; reads it and calls back where it is not. */
  current(url: string): string | undefined {
    const name = nameFor(url);
    if (name === undefined) return undefined;
    if (!this.#known.has(name)) {
      this.#known.set(name, undefined);
      void this.#load(name);
    }
    return this.#known.get(name);
  }

  /** An empty key is forgotten. */
  async set(url: string, key: string): Promise<void> {
    const name = nameFor(url);
    if (name === undefined) return;
    await (key === '' ? this.#secrets.delete(name) : this.#secrets.store(name, key));
    await this.#load(name);
  }

  dispose(): void {
    this.#subscription.dispose();
  }

  async #load(name: string): Promise<void> {
    const key = await this.#secrets.get(name);
    if (this.#known.get(name) === key) return;
    this.#known.set(name, key);
    this.#onChange();
  }
}

function nameFor(url: string): string | undefined {
  const address = URL.parse(url);
  return address === null ? undefined : `sextant.remote.key:${address.protocol}//${address.host}`;
}
