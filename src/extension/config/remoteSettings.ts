import { defaultRemoteSettings, type RemoteSettings } from '../../shared/remote.ts';
import type { SettingKey, SettingValue } from '../../shared/settings.ts';
import { readNetworkAccess } from './networkAccess.ts';

/** The embedding server that the user named; undefined where nothing is to leave this machine. */
export function readRemoteSettings(
  read: <K extends SettingKey>(key: K) => SettingValue<K>,
  keyOf: (url: string) => string | undefined,
): RemoteSettings | undefined {
  const url = read('sextant.remote.url').trim();
  if (url === '') return undefined;
  const apiKey = keyOf(url);
  return {
    ...defaultRemoteSettings,
    url,
    model: read('sextant.remote.model').trim(),
    dimensions: read('sextant.remote.dimensions'),
    queryPrefix: read('sextant.remote.queryPrefix'),
    documentPrefix: read('sextant.remote.documentPrefix'),
    concurrency: read('sextant.remote.concurrency'),
    network: readNetworkAccess(),
    ...(apiKey === undefined ? {} : { apiKey }),
  };
}
