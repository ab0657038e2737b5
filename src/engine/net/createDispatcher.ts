import { getCACertificates } from 'node:tls';
import { Agent, EnvHttpProxyAgent, type Dispatcher } from 'undici';
import { SextantError } from '../../shared/errors.ts';
import type { NetworkAccess } from '../../shared/network.ts';

export interface LineTiming {
  readonly connectMs: number;
  /** Silence, before an answer or in the middle of one, after which the line counts as dead. */
  readonly stallMs: number;
}

/**
 * The sockets to other machines, by the proxy and certificate settings of VS Code or the environment. Whoever made it closes it.
 * @throws SextantError `invalid_argument` where the address of the proxy is none.
 */
export function createDispatcher(access: NetworkAccess, { connectMs, stallMs }: LineTiming): Dispatcher {
  const tls = { ...certificates(access), rejectUnauthorized: access.strictSSL !== false };
  const options = { connect: { ...tls, timeout: connectMs }, headersTimeout: stallMs, bodyTimeout: stallMs };
  if (access.useProxy === false) return new Agent(options);
  try {
    return new EnvHttpProxyAgent({
      ...options,
      requestTls: tls,
      proxyTls: tls,
      ...(access.proxy === undefined ? {} : { httpProxy: access.proxy, httpsProxy: access.proxy }),
      ...(access.noProxy === undefined ? {} : { noProxy: access.noProxy.join(',') }),
      ...(access.proxyAuthorization === undefined ? {} : { token: access.proxyAuthorization }),
    });
  } catch (cause) {
    throw new SextantError('invalid_argument', 'The address of the proxy is none.', {
      hint: 'Give one like http://proxy.example:8080 in http.proxy or HTTPS_PROXY.',
      cause,
    });
  }
}

/** Node's own list, what NODE_EXTRA_CA_CERTS names and, where asked for, the system's store. */
function certificates({ systemCertificates, strictSSL }: NetworkAccess): { readonly ca?: string[] } {
  // Absent before Node 22.15.
  if (systemCertificates === false || strictSSL === false || typeof getCACertificates !== 'function') return {};
  return { ca: [...new Set([...getCACertificates('default'), ...getCACertificates('system')])] };
}
