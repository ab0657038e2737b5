import { workerData } from 'node:worker_threads';
import { serveRequests } from './serveRequests.ts';
import { TextTokenizer } from './textTokenizer.ts';
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

const { file, maxTokens } = (workerData as WorkerData<TokenizeSettings>).settings;

let tokenizer: TextTokenizer | undefined;

serveRequests(async ({ texts, prefix }: TokenizeRequest) => {
  tokenizer ??= new TextTokenizer(file, maxTokens);
  const lists: number[][] = [];
  let total = 0;
  // One text at a time: the library would otherwise spread a batch over every core of the machine.
  for (const text of texts) {
    const ids = await tokenizer.encode(prefix + text);
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
