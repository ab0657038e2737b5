import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { embeddedModelDirectory } from '../engine/paths.ts';
import { SextantError } from '../shared/errors.ts';

const embeddedModels = path.dirname(embeddedModelDirectory);

/** Names of the models that ship with Sextant. */
export function embeddedModelNames(): string[] {
  if (!existsSync(embeddedModels)) return [];
  return readdirSync(embeddedModels, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name);
}

/**
 * The folder of `--model`: the name of a model that ships with Sextant or a folder; empty for the default.
 *
 * @throws {SextantError} `model_missing` when it is neither.
 */
export function resolveModel(model: string | undefined): string {
  if (model === undefined) return '';
  if (embeddedModelNames().includes(model)) return path.join(embeddedModels, model);
  const folder = path.resolve(model);
  if (existsSync(path.join(folder, 'config.json'))) return folder;
  throw new SextantError('model_missing', `There is no model «${model}».`, {
    hint: `Give one of ${embeddedModelNames().join(', ')}, or a folder with config.json, tokenizer.json and model.safetensors.`,
  });
}
