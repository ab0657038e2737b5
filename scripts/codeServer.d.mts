export const codeServerVersion: string;

/** Something is missing that this script may not or cannot install; the message says in one line what to do. */
export class SetupError extends Error {}

type Log = (text: string) => void;

/** Installs code-server under `.tools/` when it is missing; returns its entry script, to be run by this Node. */
export function ensureCodeServer(options?: { readonly root?: string; readonly log?: Log }): Promise<string>;

/** Returns a Chromium, installing Debian's when there is none and it may. */
export function ensureChromium(options?: { readonly log?: Log }): Promise<string>;

export interface InstallOptions {
  readonly vsix: string;
  readonly extensionsDir: string;
  readonly userDataDir: string;
  readonly root?: string;
}
export function installExtension(options: InstallOptions): Promise<void>;

export interface StartOptions {
  readonly folder?: string;
  readonly extensionsDir: string;
  readonly userDataDir: string;
  /** Absent: a free one. */
  readonly port?: number;
  /** False leaves workspace trust on, so that Restricted Mode can be tested. Absent: true. */
  readonly trusted?: boolean;
  readonly root?: string;
  /** Added to the environment of the server and its extension hosts. */
  readonly env?: Readonly<Record<string, string>>;
  readonly log?: Log;
}
export interface CodeServer {
  /** Opens the workbench on the folder. */
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** The last 20,000 characters that it wrote. */
  output(): string;
  /** Ends the server and all that it started. */
  stop(): Promise<void>;
}
export function startCodeServer(options: StartOptions): Promise<CodeServer>;
