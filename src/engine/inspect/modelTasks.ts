import { SextantError } from '../../shared/errors.ts';
import type { Matrix } from '../runtime/ortModel.ts';
import type { Token } from '../runtime/textTokenizer.ts';
import type { ModelInspector } from './modelInspector.ts';

export interface Scored {
  readonly label: string;
  readonly score: number;
}

export interface MaskFilling {
  /** Index of the mask among the tokens. */
  readonly position: number;
  readonly candidates: readonly { readonly token: string; readonly id: number; readonly score: number }[];
}

export interface LabelledToken extends Token, Scored {}

export interface Answer {
  readonly answer: string;
  /** Characters of the context. */
  readonly start: number;
  readonly end: number;
  readonly score: number;
}

/** Longest answer that is looked for, in tokens; as transformers has it. */
const maxAnswerTokens = 15;

/** Probabilities of the labels of a text or a pair, the likeliest first. */
export async function classify(inspector: ModelInspector, text: string, pair?: string): Promise<Scored[]> {
  const { labels, results } = await inspector.logits('classify', [{ text, ...(pair === undefined ? {} : { pair }) }]);
  return scored(labels, softmax(results[0]!.values[0]!, 0));
}

/** The likeliest tokens in place of each mask, which the text writes as the model's own mask token. */
export async function fillMask(inspector: ModelInspector, text: string, top: number): Promise<MaskFilling[]> {
  const { results } = await inspector.logits('fill-mask', [{ text }]);
  const { tokens, values } = results[0]!;
  const mask = inspector.tokenizer.maskToken();
  const masks = tokens.tokens.flatMap(({ token }, index) => (token === mask ? [index] : []));
  if (masks.length === 0) {
    throw new SextantError('invalid_argument', 'The text has no mask to fill.', {
      hint: mask === undefined ? 'The model’s tokenizer knows no mask.' : `Write ${mask} for the gap.`,
    });
  }
  return masks.map((position) => {
    const shares = softmax(values[0]!, position);
    const order = Array.from(shares.keys()).sort((a, b) => shares[b]! - shares[a]!);
    const candidates = order
      .slice(0, top)
      .map((id) => ({ token: inspector.tokenizer.tokenOf(id), id, score: shares[id]! }));
    return { position, candidates };
  });
}

/** The likeliest label of each token that is part of the text. */
export async function classifyTokens(inspector: ModelInspector, text: string): Promise<LabelledToken[]> {
  const { labels, results } = await inspector.logits('token-classify', [{ text }]);
  const { tokens, values } = results[0]!;
  return tokens.tokens.flatMap((token, index) => {
    if (token.text === undefined) return [];
    const [best] = scored(labels, softmax(values[0]!, index));
    return best === undefined ? [] : [{ ...token, ...best }];
  });
}

/** The passages of the context that answer the question, the likeliest first. */
export async function answer(
  inspector: ModelInspector,
  question: string,
  context: string,
  top: number,
): Promise<Answer[]> {
  const { results } = await inspector.logits('qa', [{ text: question, pair: context }]);
  const { tokens, values } = results[0]!;
  const logits = values[0]!;
  const inside = tokens.tokens.flatMap(({ text }, index) => (text === 1 ? [index] : []));
  const shares = [0, 1].map((column) =>
    softmaxOf(inside.map((index) => logits.data[index * logits.columns + column]!)),
  );
  const spans: { readonly from: number; readonly to: number; readonly score: number }[] = [];
  for (let from = 0; from < inside.length; from++) {
    for (let to = from; to < Math.min(inside.length, from + maxAnswerTokens); to++) {
      spans.push({ from, to, score: shares[0]![from]! * shares[1]![to]! });
    }
  }
  spans.sort((a, b) => b.score - a.score);
  return spans.slice(0, top).map(({ from, to, score }) => {
    const { start } = tokens.tokens[inside[from]!]!;
    const { end } = tokens.tokens[inside[to]!]!;
    return { answer: context.slice(start, end), start, end, score };
  });
}

/** How likely the second text goes on from the first. */
export async function nextSentence(inspector: ModelInspector, text: string, pair: string): Promise<number> {
  const { results } = await inspector.logits('nsp', [{ text, pair }]);
  return softmax(results[0]!.values[0]!, 0)[0]!;
}

/** How likely each choice goes on from the text, in the order given; they sum to 1. */
export async function chooseBetween(
  inspector: ModelInspector,
  text: string,
  choices: readonly string[],
): Promise<number[]> {
  const texts = choices.map((pair) => ({ text, pair }));
  const { results } = await inspector.logits('multiple-choice', texts);
  return Array.from(softmaxOf(results.map(({ values }) => values[0]!.data[0]!)));
}

function scored(labels: readonly string[], shares: ArrayLike<number>): Scored[] {
  return labels.map((label, index) => ({ label, score: shares[index]! })).sort((a, b) => b.score - a.score);
}

function softmax({ data, columns }: Matrix, row: number): Float64Array {
  return softmaxOf(data.subarray(row * columns, (row + 1) * columns));
}

function softmaxOf(logits: ArrayLike<number>): Float64Array {
  const values = Float64Array.from(logits);
  const largest = values.reduce((a, b) => Math.max(a, b), -Infinity);
  const powers = values.map((value) => Math.exp(value - largest));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / sum);
}
