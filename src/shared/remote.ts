import * as z from 'zod/mini';
import { networkAccessSchema } from './network.ts';

/** A server that embeds instead of this machine; nothing is sent anywhere while there is none. */
export const remoteSettingsSchema = z.object({
  /** Base address of the OpenAI-compatible API, with or without `/v1`. */
  url: z.string().check(z.maxLength(2000)),
  /** Name of the model at the server; empty takes the only one that the server lists. */
  model: z.string().check(z.maxLength(300)),
  /** Columns to ask for; 0 takes what the server gives. */
  dimensions: z.int().check(z.gte(0), z.lte(65_536)),
  queryPrefix: z.string().check(z.maxLength(2000)),
  documentPrefix: z.string().check(z.maxLength(2000)),
  /** Requests under way at the same time, at most. */
  concurrency: z.int().check(z.gte(1), z.lte(64)),
  /** Tokens in one request, estimated, at most. */
  batchTokens: z.int().check(z.gte(64), z.lte(1_000_000)),
  /** Sent as a bearer token; kept out of every log and message. */
  apiKey: z.optional(z.string()),
  network: z.optional(networkAccessSchema),
});
export type RemoteSettings = z.infer<typeof remoteSettingsSchema>;

export const defaultRemoteSettings: Omit<RemoteSettings, 'url'> = {
  model: '',
  dimensions: 0,
  queryPrefix: '',
  documentPrefix: '',
  concurrency: 4,
  batchTokens: 8192,
};

/** A text as the server would get it. */
export interface RemoteText {
  readonly path: string;
  readonly startLine: number;
  readonly endLine: number;
  readonly text: string;
}

/** What embedding a folder would send, and what it would keep. */
export interface RemotePreview {
  /** Host and path that would be asked; no key, no user name. */
  readonly server: string;
  readonly model: string;
  readonly texts: readonly RemoteText[];
  readonly characters: number;
  /** Chunks that stay because they, or their file's name, look like secrets. */
  readonly withheld: readonly { readonly path: string; readonly startLine: number; readonly endLine: number }[];
  /** Chunks whose embedding is here already. */
  readonly known: number;
}
