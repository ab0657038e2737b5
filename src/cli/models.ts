import { existsSync } from 'node:fs';
import path from 'node:path';
import { modelsDirectory } from '../engine/engine.ts';
import { ModelLibrary } from '../engine/models/modelLibrary.ts';
import { SextantError } from '../shared/errors.ts';
import type { HubAccess } from '../shared/models.ts';
import { storageDirectory } from './storageDirectory.ts';

/** The models that this user's command lines share. */
export function modelLibrary(): ModelLibrary {
  return new ModelLibrary(modelsDirectory(storageDirectory()));
}

/**
 * The folder of `--model`: the name or id of a model in the library, or a folder; what `model select` chose, or empty
 * for the embedded default, without it.
 *
 * @throws {SextantError} `model_missing` when it is neither.
 */
export function resolveModel(model: string | undefined): string {
  const library = modelLibrary();
  if (model === undefined) return library.selected() ?? '';
  const installed = library.folderOf(model);
  if (installed !== undefined) return installed;
  const folder = path.resolve(model);
  if (existsSync(path.join(folder, 'config.json'))) return folder;
  throw new SextantError('model_missing', `There is no model «${model}».`, {
    hint: `Give one of ${library.names().join(', ')}, or a folder with config.json, tokenizer.json and model.safetensors; \`sextant model add\` installs more.`,
  });
}

/** How the command line reaches the hub: `HF_ENDPOINT`, `HF_TOKEN`, and proxies from the environment. */
export function hubAccess(env: NodeJS.ProcessEnv = process.env): HubAccess {
  const { HF_ENDPOINT: endpoint = '', HF_TOKEN: token = '' } = env;
  return {
    ...(endpoint === '' ? {} : { endpoint }),
    ...(token === '' ? {} : { token }),
    systemCertificates: true,
  };
}
