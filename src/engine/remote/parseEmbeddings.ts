import * as z from 'zod/mini';
import { invalidAnswer } from './remoteError.ts';

const answerSchema = z.object({
  data: z.array(
    z.object({
      index: z.optional(z.int()),
      embedding: z.union([z.array(z.number()), z.string()]),
    }),
  ),
  model: z.optional(z.nullable(z.string())),
  usage: z.optional(
    z.nullable(z.object({ total_tokens: z.optional(z.number()), prompt_tokens: z.optional(z.number()) })),
  ),
});

export interface RemoteAnswer {
  /** L2-normalised, in the order of the texts. */
  readonly embeddings: readonly Float32Array[];
  /** Tokens that the server counted; undefined where it does not say. */
  readonly tokens: number | undefined;
  /** What the server calls the model that it used. */
  readonly model: string | undefined;
}

export interface ExpectedAnswer {
  readonly host: string;
  readonly texts: number;
  /** Undefined where the first answer decides. */
  readonly dimension: number | undefined;
}

/** Little-endian float32, as `encoding_format: base64` gives it; some servers answer so unasked. */
function decodeBase64(text: string): number[] {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.length === 0 || bytes.length % 4 !== 0) return [];
  return Array.from({ length: bytes.length / 4 }, (_, i) => bytes.readFloatLE(i * 4));
}

/** Length one, or undefined where there is no direction: not a number, infinite, or all zero. */
function normalised(values: readonly number[]): Float32Array | undefined {
  let squares = 0;
  for (const value of values) squares += value * value;
  if (!Number.isFinite(squares) || squares < 1e-24) return undefined;
  const scale = 1 / Math.sqrt(squares);
  return Float32Array.from(values, (value) => value * scale);
}

/**
 * Reads the answer of `/v1/embeddings`. Vectors go where their index says, else in the order given.
 * @throws RemoteError `model_invalid` for whatever is not one good vector for each text, of one dimension.
 */
export function parseEmbeddings(body: string, { host, texts, dimension }: ExpectedAnswer): RemoteAnswer {
  const { data, model, usage } = parsed(body, host);
  if (data.length !== texts) throw invalidAnswer(host, `${data.length} embeddings for ${texts} texts`);
  const indexed = data.some(({ index }) => index !== undefined);
  const embeddings = new Array<Float32Array | undefined>(texts).fill(undefined);
  for (const [position, { index, embedding }] of data.entries()) {
    const place = indexed ? (index ?? -1) : position;
    if (place < 0 || place >= texts || embeddings[place] !== undefined) {
      throw invalidAnswer(host, 'embeddings that do not say which text they are of');
    }
    const values = typeof embedding === 'string' ? decodeBase64(embedding) : embedding;
    const wanted = dimension ?? embeddings.find((known) => known !== undefined)?.length ?? values.length;
    if (values.length !== wanted || wanted === 0) {
      throw invalidAnswer(host, `an embedding of ${values.length} numbers instead of ${wanted}`);
    }
    const vector = normalised(values);
    if (vector === undefined) throw invalidAnswer(host, 'an embedding that is zero or not a number');
    embeddings[place] = vector;
  }
  return {
    embeddings: embeddings as Float32Array[],
    tokens: usage?.total_tokens ?? usage?.prompt_tokens,
    model: model ?? undefined,
  };
}

function parsed(body: string, host: string): z.infer<typeof answerSchema> {
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    throw invalidAnswer(host, 'something that is not JSON');
  }
  const result = answerSchema.safeParse(json);
  if (result.success) return result.data;
  throw invalidAnswer(host, 'something that is not a list of embeddings');
}
