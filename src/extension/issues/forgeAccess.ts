import * as vscode from 'vscode';
import type { Forge } from '../../shared/mood.ts';
import { readNetworkAccess } from '../config/networkAccess.ts';
import { forgeKindOf, githubSignIn, parseRemote } from './parseRemote.ts';
import { gitRemotes } from './gitRemotes.ts';

const tokens = {
  github: { secret: 'sextant.githubToken.', scope: 'repo' },
  gitlab: { secret: 'sextant.gitlabToken.', scope: 'read_api' },
} as const;

/** Hosts that refused the session they got: the user signs in anew. */
const refusedHosts = new Set<string>();

function enterpriseUri(): string | undefined {
  const uri = vscode.workspace.getConfiguration('github-enterprise').get<string>('uri');
  return uri === undefined || uri === '' ? undefined : uri;
}

/** Finds the forge of a folder and signs in to it: by VS Code's own accounts for GitHub, else by a token in the secret storage. */
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
    const token = kind === 'github' ? await this.#github(remote.host) : await this.#token(kind, remote.host);
    return { kind, ...remote, network: readNetworkAccess(), ...(token === undefined ? {} : { token }) };
  }

  /** The forge refused what it got: asks for another next time. */
  async forget({ kind, host }: Forge): Promise<void> {
    refusedHosts.add(host);
    await this.#secrets.delete(tokens[kind].secret + host);
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
    const provider = githubSignIn(host, enterpriseUri());
    if (provider === 'token') return this.#token('github', host);
    try {
      const how = refusedHosts.delete(host) ? 'forceNewSession' : 'createIfNone';
      return (await vscode.authentication.getSession(provider, [tokens.github.scope], { [how]: true }))?.accessToken;
    } catch {
      const without = vscode.l10n.t('Go On Without');
      const question = vscode.l10n.t('Not signed in. Public projects can be read without, up to 60 requests an hour.');
      if ((await vscode.window.showWarningMessage(question, { modal: true }, without)) === without) return undefined;
      throw new vscode.CancellationError();
    }
  }

  async #token(kind: Forge['kind'], host: string): Promise<string | undefined> {
    const { secret, scope } = tokens[kind];
    const known = await this.#secrets.get(secret + host);
    if (known !== undefined) return known;
    const token = await vscode.window.showInputBox({
      title: vscode.l10n.t('Sextant: token for {0}', host),
      prompt: vscode.l10n.t('With the scope {0}. Kept in the secret storage; leave empty for a public project.', scope),
      password: true,
      ignoreFocusOut: true,
    });
    if (token === undefined) throw new vscode.CancellationError();
    if (token.trim() === '') return undefined;
    await this.#secrets.store(secret + host, token.trim());
    return token.trim();
  }
}
