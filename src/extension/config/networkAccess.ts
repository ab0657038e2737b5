import * as vscode from 'vscode';
import type { NetworkAccess } from '../../shared/network.ts';

/** VS Code's own settings for proxies and certificates, for connections that the engine makes. */
export function readNetworkAccess(): NetworkAccess {
  const http = vscode.workspace.getConfiguration('http', null);
  const text = (key: string): string | undefined => http.get<string | null>(key) || undefined;
  const proxy = text('proxy');
  const proxyAuthorization = text('proxyAuthorization');
  const noProxy = http.get<string[]>('noProxy');
  return {
    ...(proxy === undefined ? {} : { proxy }),
    ...(proxyAuthorization === undefined ? {} : { proxyAuthorization }),
    ...(noProxy === undefined || noProxy.length === 0 ? {} : { noProxy }),
    useProxy: http.get<string>('proxySupport') !== 'off',
    strictSSL: http.get<boolean>('proxyStrictSSL') !== false,
    systemCertificates: http.get<boolean>('systemCertificates') !== false,
  };
}
