import type { Forge } from '../../shared/mood.ts';

export interface RemoteProject {
  /** `https://git.example.org` */
  readonly host: string;
  readonly project: string;
}

/** `git@host:owner/name.git`, without the slashes of an address. */
const shortForm = /^(?:[\w.-]+@)?([\w.-]+):(?!\/\/)(.+)$/;

/** What a remote of git points to; undefined for a path on a disk. Credentials in the address are left behind. */
export function parseRemote(url: string): RemoteProject | undefined {
  const short = shortForm.exec(url);
  const [host, path] = short === null ? longForm(url) : [`https://${short[1]!}`, short[2]!];
  const project = path.replace(/^\/+|\/+$/g, '').replace(/\.git$/, '');
  return host === '' || !/^[\w.-]+(?:\/[\w.-]+)+$/.test(project) ? undefined : { host, project };
}

function longForm(url: string): readonly [host: string, path: string] {
  if (!URL.canParse(url)) return ['', ''];
  const { protocol, host, hostname, pathname } = new URL(url);
  if (protocol === 'http:' || protocol === 'https:') return [`${protocol}//${host}`, pathname];
  // The port of an SSH address is not that of its pages.
  return protocol === 'ssh:' || protocol === 'git:' ? [`https://${hostname}`, pathname] : ['', ''];
}

/**
 * Who signs in to a GitHub host: VS Code's account for github.com, or for the server that the settings of GitHub Enterprise name. Their
 * tokens belong to these alone, so every other host gets a token of its own; so does one that would be sent it in clear text.
 */
export function githubSignIn(host: string, enterprise: string | undefined): 'github' | 'github-enterprise' | 'token' {
  const { origin, protocol } = new URL(host);
  if (origin === 'https://github.com') return 'github';
  const isTheirs = enterprise !== undefined && URL.canParse(enterprise) && new URL(enterprise).origin === origin;
  return isTheirs && protocol === 'https:' ? 'github-enterprise' : 'token';
}

/** Which kind of forge a host is, as far as its name or the settings tell. */
export function forgeKindOf(host: string, enterprise: string | undefined): Forge['kind'] | undefined {
  const { hostname } = new URL(host);
  if (hostname === 'github.com' || hostname.endsWith('.ghe.com')) return 'github';
  if (enterprise !== undefined && URL.canParse(enterprise) && new URL(enterprise).hostname === hostname)
    return 'github';
  return /(?:^|\.)gitlab\./.test(hostname) ? 'gitlab' : undefined;
}
