import type { ParseArgsOptionsConfig } from 'node:util';
import { remoteBase } from '../engine/remote/embeddingServer.ts';
import { defaultRemoteSettings, type RemoteSettings } from '../shared/remote.ts';
import { numberOption, stringOption, UsageError, type OptionValues } from './command.ts';

/** Embedding at a server: off unless `--remote` names one. */
export const remoteOptions = {
  remote: { type: 'string' },
  'remote-model': { type: 'string' },
  'remote-dimensions': { type: 'string' },
  'remote-concurrency': { type: 'string' },
  'remote-query-prefix': { type: 'string' },
  'remote-document-prefix': { type: 'string' },
} as const satisfies ParseArgsOptionsConfig;

/**
 * The server of `--remote`; its key comes from SEXTANT_REMOTE_KEY, never from the command line, where others could read it.
 * @throws SextantError `invalid_argument` for an address that is none, or an option without `--remote`.
 */
export function remoteSettings(options: OptionValues): RemoteSettings | undefined {
  const url = stringOption(options, 'remote');
  if (url === undefined) {
    const alone = Object.keys(remoteOptions).find((name) => options[name] !== undefined);
    if (alone !== undefined) throw new UsageError(`--${alone} needs --remote URL.`);
    return undefined;
  }
  remoteBase(url);
  const apiKey = process.env['SEXTANT_REMOTE_KEY'];
  return {
    ...defaultRemoteSettings,
    url,
    model: stringOption(options, 'remote-model') ?? '',
    dimensions: numberOption(options, 'remote-dimensions', { fallback: 0, min: 1, max: 65_536 }),
    concurrency: numberOption(options, 'remote-concurrency', { fallback: 4, min: 1, max: 64 }),
    queryPrefix: stringOption(options, 'remote-query-prefix') ?? '',
    documentPrefix: stringOption(options, 'remote-document-prefix') ?? '',
    ...(apiKey === undefined ? {} : { apiKey }),
  };
}
