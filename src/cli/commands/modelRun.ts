import os from 'node:os';
import type { AttentionWeights } from '../../engine/inspect/attentionWeights.ts';
import { ModelInspector } from '../../engine/inspect/modelInspector.ts';
import {
  answer,
  chooseBetween,
  classify,
  classifyTokens,
  fillMask,
  nextSentence,
} from '../../engine/inspect/modelTasks.ts';
import { embeddedModelDirectory } from '../../engine/paths.ts';
import type { Matrix } from '../../engine/runtime/ortModel.ts';
import type { TokenDetails } from '../../engine/runtime/textTokenizer.ts';
import {
  choiceOption,
  numberOption,
  stringOption,
  UsageError,
  type Command,
  type CommandContext,
  type CommandResult,
} from '../command.ts';
import { resolveModel } from '../models.ts';

interface Input {
  readonly inspector: ModelInspector;
  readonly text: string;
  readonly pairs: readonly string[];
  readonly top: number;
}

/** The answer of a task: its JSON, and lines for a person. */
interface Output {
  readonly json: Record<string, unknown>;
  readonly lines: readonly string[];
}

const percent = (share: number): string => `${(100 * share).toFixed(1).padStart(5)} %`;

const tasks: Readonly<Record<string, (input: Input) => Promise<Output>>> = {
  async embed({ inspector, text }) {
    const { tokens, values } = await inspector.embedding(text);
    const embedding = Array.from(values[0]!.data);
    const shown = embedding.slice(0, 8).map((value) => value.toFixed(4));
    return {
      json: { tokens: tokenNames(tokens), embedding },
      lines: [`${embedding.length} dimensions: ${shown.join(' ')} …`],
    };
  },

  async classify({ inspector, text, pairs }) {
    const labels = await classify(inspector, text, pairs[0]);
    return { json: { labels }, lines: labels.map(({ label, score }) => `${percent(score)}  ${label}`) };
  },

  async 'fill-mask'({ inspector, text, top }) {
    const masks = await fillMask(inspector, text, top);
    const lines = masks.flatMap(({ position, candidates }) => [
      `token ${position}:`,
      ...candidates.map(({ token, score }) => `${percent(score)}  ${token}`),
    ]);
    return { json: { masks }, lines };
  },

  async 'token-classify'({ inspector, text }) {
    const tokens = await classifyTokens(inspector, text);
    return {
      json: { tokens },
      lines: tokens.map(({ token, label, score }) => `${percent(score)}  ${label}  ${token}`),
    };
  },

  async qa({ inspector, text, pairs, top }) {
    const answers = await answer(inspector, text, onePair('qa', pairs), top);
    return { json: { answers }, lines: answers.map(({ answer: words, score }) => `${percent(score)}  ${words}`) };
  },

  async nsp({ inspector, text, pairs }) {
    const isNext = await nextSentence(inspector, text, onePair('nsp', pairs));
    return { json: { isNext }, lines: [`${percent(isNext)}  goes on`] };
  },

  async 'multiple-choice'({ inspector, text, pairs }) {
    if (pairs.length < 2) throw new UsageError('multiple-choice takes a --pair for each choice, two at least.');
    const shares = await chooseBetween(inspector, text, pairs);
    const choices = pairs.map((choice, index) => ({ choice, score: shares[index]! }));
    return { json: { choices }, lines: choices.map(({ choice, score }) => `${percent(score)}  ${choice}`) };
  },

  async 'hidden-states'({ inspector, text, pairs }) {
    const { tokens, values } = await inspector.hiddenStates(text, pairs[0]);
    const states = values.map(rowsOf);
    const layers = values.length - 3;
    const names = ['embeddings', ...Array.from({ length: layers }, (_, layer) => `layer ${layer + 1}`)];
    const lines = [...names, 'last hidden state', 'pooled'].map((name, index) => {
      const { rows, columns, data } = values[index]!;
      return `${name}: ${rows} × ${columns}, mean length ${(Math.hypot(...data) / Math.sqrt(rows)).toFixed(3)}`;
    });
    const json = {
      tokens: tokenNames(tokens),
      hiddenStates: states.slice(0, -2),
      lastHiddenState: states.at(-2),
      pooled: states.at(-1)?.[0],
    };
    return { json, lines };
  },

  async attention({ inspector, text, pairs }) {
    const { tokens, layers } = await inspector.attention(text, pairs[0]);
    const names = tokenNames(tokens);
    const json = layers.map((layer) => ({
      ...(layer.window === undefined ? {} : { window: layer.window }),
      heads: headsOf(layer),
    }));
    return {
      json: { tokens: names, layers: json },
      lines: layers.map((layer, index) => strongest(layer, index, names)),
    };
  },
};

/** The token that all heads and tokens of a layer look at most. */
function strongest({ heads, length, window, data }: AttentionWeights, index: number, names: readonly string[]): string {
  const received = new Float64Array(length);
  for (const [cell, weight] of data.entries()) received[cell % length]! += weight / (heads * length);
  const most = received.indexOf(Math.max(...received));
  const reach = window === undefined ? 'all' : `window ${window}`;
  return `layer ${index + 1} (${heads} heads, ${reach}): most to “${names[most] ?? ''}”, ${percent(received[most]!).trim()}`;
}

function headsOf({ heads, length, data }: AttentionWeights): number[][][] {
  return Array.from({ length: heads }, (_, head) =>
    Array.from({ length }, (__, query) => {
      const at = (head * length + query) * length;
      return Array.from(data.subarray(at, at + length));
    }),
  );
}

function rowsOf({ data, rows, columns }: Matrix): number[][] {
  return Array.from({ length: rows }, (_, row) => Array.from(data.subarray(row * columns, (row + 1) * columns)));
}

function tokenNames({ tokens }: TokenDetails): string[] {
  return tokens.map(({ token }) => token);
}

function onePair(task: string, pairs: readonly string[]): string {
  const [pair] = pairs;
  if (pair === undefined || pairs.length > 1) throw new UsageError(`${task} takes one --pair.`);
  return pair;
}

export const modelRunUsage = `model run --task ${Object.keys(tasks).join('|')} --text TEXT [--pair TEXT]… [--top N]`;

export const modelRunOptions: Command['options'] = {
  task: { type: 'string' },
  text: { type: 'string' },
  pair: { type: 'string', multiple: true },
  top: { type: 'string' },
};

/** Runs a head of a model over a text, or shows what is inside of it. */
export async function modelRun({ options }: CommandContext): Promise<CommandResult> {
  const task = choiceOption(options, 'task', Object.keys(tasks), 'embed');
  const text = stringOption(options, 'text');
  if (text === undefined) throw new UsageError(`Usage: sextant ${modelRunUsage}`);
  const pair = options['pair'];
  const threads = numberOption(options, 'threads', { fallback: os.availableParallelism(), min: 1, max: 256 });
  const folder = resolveModel(stringOption(options, 'model')) || embeddedModelDirectory;
  const inspector = await ModelInspector.open(folder, threads);
  const { json, lines } = await tasks[task]!({
    inspector,
    text,
    pairs: Array.isArray(pair) ? pair.filter((value) => typeof value === 'string') : [],
    top: numberOption(options, 'top', { fallback: 5, min: 1, max: 1000 }),
  });
  return { json: { task, model: inspector.model.name, ...json }, text: `${lines.join('\n')}\n` };
}
