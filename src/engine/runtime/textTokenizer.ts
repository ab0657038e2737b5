import { Tokenizer } from 'tokenizers';
import { SextantError } from '../../shared/errors.ts';

/** No tokenizer makes tokens this long on average, so what lies beyond would be cut off after it was tokenised. */
const maxCharactersPerToken = 64;

/** A model's `tokenizer.json`, cutting texts to what the model takes; special tokens are added. */
export class TextTokenizer {
  readonly #tokenizer: Tokenizer;
  readonly #maxCharacters: number;

  /** @throws SextantError `model_invalid` if the file is no tokenizer. */
  constructor(file: string, maxTokens: number) {
    this.#maxCharacters = maxTokens * maxCharactersPerToken;
    try {
      this.#tokenizer = Tokenizer.fromFile(file);
      this.#tokenizer.setTruncation(maxTokens);
      this.#tokenizer.disablePadding();
    } catch (cause) {
      throw new SextantError('model_invalid', 'The model’s tokenizer.json cannot be read.', { cause });
    }
  }

  /** Token ids of a text. */
  async encode(text: string): Promise<number[]> {
    return (await this.#tokenizer.encode(text.slice(0, this.#maxCharacters))).getIds();
  }

  /** Token ids; one token stands in where a tokenizer without special tokens makes nothing of an empty text. */
  async ids(text: string): Promise<Int32Array> {
    const ids = await this.encode(text);
    return ids.length === 0 ? new Int32Array(1) : Int32Array.from(ids);
  }
}
