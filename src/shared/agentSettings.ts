import * as z from 'zod/mini';
import { engineSettingsSchema, rootSchema, type EngineSettings } from './protocol.ts';

/** What a window tells the MCP server that it offers, in a file: how to index where no window's engine runs. */
export const agentSettingsSchema = z.object({
  settings: engineSettingsSchema,
  roots: z.array(rootSchema),
});
export type AgentSettings = z.infer<typeof agentSettingsSchema>;

/**
 * The settings as they may stand in a file. Whoever takes over searches by words where a server's key is needed, and without what
 * a team shares.
 */
export function withoutSecrets(settings: EngineSettings): EngineSettings {
  const open = { ...settings };
  delete open.team;
  if (open.remote === undefined) return open;
  const remote = { ...open.remote, url: withoutCredentials(open.remote.url) };
  delete remote.apiKey;
  if (remote.network !== undefined) {
    const network = { ...remote.network };
    delete network.proxyAuthorization;
    if (network.proxy !== undefined) network.proxy = withoutCredentials(network.proxy);
    remote.network = network;
  }
  return { ...open, remote };
}

/** An address without a scheme, as proxies are often given, is one of HTTP; one that cannot be read is cut behind its last @. */
function withoutCredentials(address: string): string {
  const at = address.lastIndexOf('@');
  const url = URL.parse(/^[a-z][a-z0-9+.-]*:\/\//i.test(address) ? address : `http://${address}`);
  if (url === null || `${url.search}${url.hash}`.includes('@')) return address.slice(at + 1);
  if (url.username === '' && url.password === '') return address;
  url.username = '';
  url.password = '';
  return url.href;
}
