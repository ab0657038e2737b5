import * as vscode from 'vscode';

const key = 'sextant.hubToken';

/** The user's token for the model hub, in VS Code's secret storage and nowhere else. */
export class HubToken {
  readonly #secrets: vscode.SecretStorage;

  constructor(secrets: vscode.SecretStorage) {
    this.#secrets = secrets;
  }

  async get(): Promise<string | undefined> {
    return this.#secrets.get(key);
  }

  /** Asks for it; an empty answer forgets the one there is. */
  async ask(): Promise<void> {
    const token = await vscode.window.showInputBox({
      title: vscode.l10n.t('Sextant: token for the model hub'),
      prompt: vscode.l10n.t('For gated and private models. Kept in the secret storage; leave empty to forget it.'),
      password: true,
      ignoreFocusOut: true,
    });
    if (token === undefined) return;
    if (token.trim() === '') await this.#secrets.delete(key);
    else await this.#secrets.store(key, token.trim());
  }
}
