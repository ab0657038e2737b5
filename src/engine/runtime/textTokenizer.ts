import { Tokenizer } from 'tokenizers';
import { SextantError } from '../../shared/errors.ts';

/** No tokenizer makes tokens this long on average, so what lies beyond would be cut off after it was tokenised. */
const maxCharactersPerToken = 64;

/** How tokenizers of the supported families write their mask. */
const maskTokens = ['[MASK]', '<mask>'];

export interface Token {
  readonly token: string;
  /** 0 or 1: which text of a pair it is from; nothing for special tokens. */
  readonly text: number | undefined;
  /** Characters of its text. */
  readonly start: number;
  readonly end: number;
}

export interface TokenDetails {
  readonly ids: Int32Array;
  /** Token types, which tell the texts of a pair apart in the BERT family. */
  readonly types: Int32Array;
  readonly tokens: readonly Token[];
}

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

  /** Everything about the tokens of a text, or of a pair of texts. */
  async details(text: string, pair?: string): Promise<TokenDetails> {
    const first = text.slice(0, this.#maxCharacters);
    const encoding = await this.#tokenizer.encode(first, pair?.slice(0, this.#maxCharacters));
    const offsets = encoding.getOffsets();
    return {
      ids: Int32Array.from(encoding.getIds()),
      types: Int32Array.from(encoding.getTypeIds()),
      tokens: encoding.getTokens().map((token, index) => ({
        token,
        text: encoding.getSequenceIds()[index] ?? undefined,
        start: offsets[index]?.[0] ?? 0,
        end: offsets[index]?.[1] ?? 0,
      })),
    };
  }

  tokenOf(id: number): string {
    return this.#tokenizer.idToToken(id) ?? '';
  }

  idOf(token: string): number | undefined {
    return this.#tokenizer.tokenToId(token) ?? undefined;
  }

  /** The tokenizer's own mask, absent where it has none. */
  maskToken(): string | undefined {
    return maskTokens.find((token) => this.idOf(token) !== undefined);
  }

  maskId(): number | undefined {
    const token = this.maskToken();
    return token === undefined ? undefined : this.idOf(token);
  }

  /** Token ids; one token stands in where a tokenizer without special tokens makes nothing of an empty text. */
  async ids(text: string): Promise<Int32Array> {
    const ids = await this.encode(text);
    return ids.length === 0 ? new Int32Array(1) : Int32Array.from(ids);
  }
}
