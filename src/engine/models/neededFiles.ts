import { SextantError } from '../../shared/errors.ts';
import { tokenizerName, weightsName } from '../model/modelFolder.ts';

export interface ListedFile {
  readonly path: string;
  readonly bytes: number;
}

export interface NeededFiles<F extends ListedFile> {
  /** Decide whether the model can be used at all; fetched before the rest. */
  readonly descriptions: readonly F[];
  readonly rest: readonly F[];
  readonly bytes: number;
}

const megabyte = 1024 * 1024;
// Far above every published encoder: what exceeds them is no model that runs here, or a trap.
const limits = { description: 16 * megabyte, tokenizer: 256 * megabyte, weights: 16 * 1024 * megabyte };

const descriptionNames = new Set([
  'config.json',
  'modules.json',
  'config_sentence_transformers.json',
  'sentence_bert_config.json',
  'sextant.json',
]);
const moduleConfig = /^\d+_[A-Za-z]+\/config\.json$/;
const optional =
  /^(tokenizer_config\.json|special_tokens_map\.json|README\.md|LICEN[CS]E(\.md|\.txt)?|NOTICE(\.md|\.txt)?)$/i;

/**
 * The files of a listing that a model here consists of; everything else in a repository or archive is left where it is.
 * @throws SextantError `model_invalid` that says why the listing holds no model for us.
 */
export function neededFiles<F extends ListedFile>(listing: Iterable<F>): NeededFiles<F> {
  const files = new Map([...listing].map((file) => [file.path, file]));
  const descriptions = [...files.values()].filter(({ path }) => descriptionNames.has(path) || moduleConfig.test(path));
  requireWeights(files);
  if (!files.has('config.json')) throw refuse('It has no config.json.');
  if (!files.has(tokenizerName)) {
    throw refuse(
      'It has no tokenizer.json.',
      'Save its tokenizer as a “fast” tokenizer (transformers writes the file).',
    );
  }
  const large = [files.get(weightsName)!, files.get(tokenizerName)!];
  const texts = [...files.values()].filter(({ path, bytes }) => optional.test(path) && bytes <= 4 * megabyte);
  for (const { path, bytes } of [...descriptions, ...large]) checkSize(path, bytes);
  const rest = [...large, ...texts];
  const bytes = [...descriptions, ...rest].reduce((sum, file) => sum + file.bytes, 0);
  return { descriptions, rest, bytes };
}

function requireWeights(files: ReadonlyMap<string, ListedFile>): void {
  if (files.has(weightsName)) return;
  const names = [...files.keys()];
  if (files.has('model.safetensors.index.json')) {
    throw refuse('Its weights are split over several files, which encoders this small never need.');
  }
  if (names.some((name) => /^(pytorch_model.*\.(bin|pt)|.*\.(ckpt|pkl))$/.test(name))) {
    throw refuse(
      'Its weights are pickled (pytorch_model.bin), a format that can run code when it is opened.',
      'Choose a revision with model.safetensors, or save the model again with transformers, which writes it.',
    );
  }
  throw refuse('It has no model.safetensors.', 'Sextant runs models in Hugging Face layout with safetensors weights.');
}

function checkSize(path: string, bytes: number): void {
  const limit = path === weightsName ? limits.weights : path === tokenizerName ? limits.tokenizer : limits.description;
  if (bytes > limit) throw refuse(`Its ${path} is ${Math.round(bytes / megabyte)} MB, which cannot be right.`);
}

function refuse(why: string, hint?: string): SextantError {
  return new SextantError(
    'model_invalid',
    `This model cannot be installed. ${why}`,
    hint === undefined ? {} : { hint },
  );
}
