import * as vscode from 'vscode';
import type { Forge } from '../../shared/mood.ts';
import { forgeKindOf, parseRemote } from './parseRemote.ts';
import { gitRemotes } from './gitRemotes.ts';

const secretPrefix = 'sextant.gitlabToken.';

function enterpriseUri(): string | undefined {
  const uri = vscode.workspace.getConfiguration('github-enterprise').get<string>('uri');
  return uri === undefined || uri === '' ? undefined : uri;
}

/** Finds the forge of a folder and signs in to it: VS Code's own accounts for GitHub, a token in the secret storage for GitLab. */
export class ForgeAccess {
  readonly #secrets: vscode.SecretStorage;

  constructor(secrets: vscode.SecretStorage) {
    this.#secrets = secrets;
  }

  /** Asks for what it cannot find out; undefined when the user gives up. */
  async find(folder: vscode.Uri): Promise<Forge | undefined> {
    const found = (await gitRemotes(folder)).map(parseRemote).find((remote) => remote !== undefined);
    const address = await vscode.window.showInputBox({
      title: vscode.l10n.t('Sextant: fetch issues'),
      prompt: vscode.l10n.t('Address of the project. Nothing is sent anywhere else.'),
      value: found === undefined ? '' : `${found.host}/${found.project}`,
      placeHolder: 'https://github.com/owner/name',
      ignoreFocusOut: true,
      validateInput: (text) =>
        parseRemote(text.trim()) === undefined
          ? vscode.l10n.t('An address such as https://github.com/owner/name')
          : undefined,
    });
    const remote = address === undefined ? undefined : parseRemote(address.trim());
    if (remote === undefined) return undefined;
    const kind = forgeKindOf(remote.host, enterpriseUri()) ?? (await this.#askKind());
    if (kind === undefined) return undefined;
    const token = kind === 'github' ? await this.#github(remote.host) : await this.#gitlab(remote.host);
    return { kind, ...remote, ...(token === undefined ? {} : { token }) };
  }

  /** The forge refused what it got: asks for another next time. */
  async forget({ kind, host }: Forge): Promise<void> {
    if (kind === 'gitlab') await this.#secrets.delete(secretPrefix + host);
  }

  async #askKind(): Promise<Forge['kind'] | undefined> {
    const choices = [
      { label: 'GitHub Enterprise', forge: 'github' as const },
      { label: 'GitLab', forge: 'gitlab' as const },
    ];
    const title = vscode.l10n.t('Which kind of forge is this?');
    return (await vscode.window.showQuickPick(choices, { title }))?.forge;
  }

  /** A session of VS Code's; public projects can be read without one, if slowly. */
  async #github(host: string): Promise<string | undefined> {
    const provider = new URL(host).hostname === 'github.com' ? 'github' : 'github-enterprise';
    try {
      return (await vscode.authentication.getSession(provider, ['repo'], { createIfNone: true })).accessToken;
    } catch {
      const without = vscode.l10n.t('Go On Without');
      const question = vscode.l10n.t('Not signed in. Public projects can be read without, up to 60 requests an hour.');
      if ((await vscode.window.showWarningMessage(question, { modal: true }, without)) === without) return undefined;
      throw new vscode.CancellationError();
    }
  }

  async #gitlab(host: string): Promise<string | undefined> {
    const known = await this.#secrets.get(secretPrefix + host);
    if (known !== undefined) return known;
    const token = await vscode.window.showInputBox({
      title: vscode.l10n.t('Sextant: token for {0}', host),
      prompt: vscode.l10n.t('With the scope read_api. Kept in the secret storage; leave empty for a public project.'),
      password: true,
      ignoreFocusOut: true,
    });
    if (token === undefined) throw new vscode.CancellationError();
    if (token.trim() === '') return undefined;
    await this.#secrets.store(secretPrefix + host, token.trim());
    return token.trim();
  }
}
