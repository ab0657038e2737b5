import * as vscode from 'vscode';
import type { HubAccess } from '../../shared/models.ts';
import type { SettingKey } from '../../shared/settings.ts';
import { readNetworkAccess } from './networkAccess.ts';

const endpointSetting: SettingKey = 'sextant.model.hubEndpoint';

/**
 * How the engine reaches the hub: VS Code's own proxy and certificate settings, which it does not apply to processes of
 * extensions. Where they are silent, the environment of the engine decides.
 */
export function readHubAccess(token: string | undefined): HubAccess {
  const endpoint =
    vscode.workspace.getConfiguration().get<string>(endpointSetting)?.trim() || process.env['HF_ENDPOINT'];
  const secret = token ?? process.env['HF_TOKEN'];
  return {
    ...(endpoint === undefined || endpoint === '' ? {} : { endpoint }),
    ...(secret === undefined || secret === '' ? {} : { token: secret }),
    ...readNetworkAccess(),
  };
}
