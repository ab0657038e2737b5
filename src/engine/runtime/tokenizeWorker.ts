import { workerData } from 'node:worker_threads';
import { Tokenizer } from 'tokenizers';
import { SextantError } from '../../shared/errors.ts';
import { serveRequests } from './serveRequests.ts';
import type { WorkerData } from './workerLink.ts';

export interface TokenizeSettings {
  readonly file: string;
  readonly maxTokens: number;
}

export interface TokenizeRequest {
  readonly texts: readonly string[];
  readonly prefix: string;
}

export interface TokenizedTexts {
  /** Token ids of all texts, one after another. */
  readonly ids: Int32Array;
  /** Tokens of each text. */
  readonly lengths: Int32Array;
}

/** No tokenizer makes tokens this long on average, so what lies beyond would be cut off after it was tokenised. */
const maxCharactersPerToken = 64;

const { file, maxTokens } = (workerData as WorkerData<TokenizeSettings>).settings;

function load(): Tokenizer {
  try {
    const loaded = Tokenizer.fromFile(file);
    loaded.setTruncation(maxTokens);
    loaded.disablePadding();
    return loaded;
  } catch (cause) {
    throw new SextantError('model_invalid', 'The model’s tokenizer.json cannot be read.', { cause });
  }
}

let tokenizer: Tokenizer | undefined;

serveRequests(async ({ texts, prefix }: TokenizeRequest) => {
  tokenizer ??= load();
  const lists: number[][] = [];
  let total = 0;
  // One text at a time: the library would otherwise spread a batch over every core of the machine.
  for (const text of texts) {
    const encoding = await tokenizer.encode((prefix + text).slice(0, maxTokens * maxCharactersPerToken));
    const ids = encoding.getIds();
    lists.push(ids);
    total += ids.length;
  }
  const result: TokenizedTexts = { ids: new Int32Array(total), lengths: Int32Array.from(lists, (ids) => ids.length) };
  let offset = 0;
  for (const ids of lists) {
    result.ids.set(ids, offset);
    offset += ids.length;
  }
  return { result, transfer: [result.ids.buffer as ArrayBuffer, result.lengths.buffer as ArrayBuffer] };
});
