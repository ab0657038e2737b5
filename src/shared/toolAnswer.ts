import type { SearchResponse, SearchResult } from './search.ts';
import { excerptOf } from './toolExcerpt.ts';
import { historyBlock, type ToolHistoryItem } from './toolHistory.ts';

/** A workspace folder as tools name it. */
export interface ToolFolder {
  /** Canonical root URI, as the engine knows it. */
  readonly uri: string;
  readonly path: string;
  readonly name: string;
}

/** One place in the structured form of an answer; lines are 1-based and inclusive. */
export interface ToolResult {
  /** Relative to its folder; with the folder's name in front where there are several folders. */
  readonly path: string;
  readonly startLine: number;
  readonly endLine: number;
  readonly symbol?: string;
  readonly kind: string;
  readonly language: string;
  readonly score: number;
  /** The lines that matter most; `…` stands for lines left out. */
  readonly code?: string;
  /** The code is not shown because it may hold a secret. */
  readonly withheld?: true;
}

export interface ToolAnswer {
  readonly text: string;
  readonly structured: Readonly<Record<string, unknown>>;
}

/** Tokens of a text in the tokenizer of whoever reads the answer. */
export type CountTokens = (text: string) => number | PromiseLike<number>;

/** For readers whose tokenizer is unknown: three bytes a token, which code stays below with the tokenizers in use. */
export function estimateTokens(text: string): number {
  return Math.ceil(new TextEncoder().encode(text).length / 3);
}

export interface AnswerOptions {
  readonly folders: readonly ToolFolder[];
  /** Most tokens of the text. */
  readonly budget: number;
  readonly countTokens: CountTokens;
  /** The structured form, as JSON, must keep to the budget too: some clients show it to the model instead of the text. */
  readonly countStructured: boolean;
  /** What the user must know about the state of the index; empty when it is complete. */
  readonly state: readonly string[];
  /** The first line, such as what was searched for. */
  readonly title: string;
}

/** Lines of code shown of one result, from a bare reference to all that is of use; each step is taken for all before the next. */
const steps = [0, 5, 14, 60] as const;

interface Block {
  readonly text: string;
  readonly result: ToolResult | ToolHistoryItem;
  readonly cost: number;
}

function displayPath(result: Pick<SearchResult, 'root' | 'path'>, folders: readonly ToolFolder[]): string {
  const folder = folders.find(({ uri }) => uri === result.root);
  return folders.length > 1 && folder !== undefined ? `${folder.name}/${result.path}` : result.path;
}

async function costOf(text: string, structured: object, options: AnswerOptions): Promise<number> {
  const asText = await options.countTokens(text);
  return options.countStructured
    ? Math.max(asText, await options.countTokens(`${JSON.stringify(structured)},`))
    : asText;
}

function placeBlock(result: SearchResult, lines: number, folders: readonly ToolFolder[]): Omit<Block, 'cost'> {
  const path = displayPath(result, folders);
  const { startLine, endLine, symbol, kind, language } = result;
  const label = result.withheld ? '(not shown: it may hold a secret)' : symbol === '' ? kind : `${kind} ${symbol}`;
  const head = `${path}:${startLine}-${endLine}  ${label}`;
  const code = lines === 0 || result.withheld ? undefined : excerptOf(result.text, symbol, result.matches, lines).code;
  return {
    text: code === undefined ? head : `${head}\n${code.replaceAll(/^(?=.)/gm, '  ')}`,
    result: {
      path,
      startLine,
      endLine,
      ...(symbol === '' ? {} : { symbol }),
      kind,
      language,
      score: Math.round(result.score * 100) / 100,
      ...(code === undefined ? {} : { code }),
      ...(result.withheld ? { withheld: true } : {}),
    },
  };
}

async function blockOf(found: SearchResult, lines: number, options: AnswerOptions): Promise<Block> {
  const { history } = found;
  const block = history === undefined ? placeBlock(found, lines, options.folders) : historyBlock(history, lines);
  return { ...block, cost: await costOf(`${block.text}\n\n`, block.result, options) };
}

/** As many references as the budget holds, best first, then more and more code for each while there is room. */
async function fit(results: readonly SearchResult[], room: number, options: AnswerOptions): Promise<Block[]> {
  const blocks: Block[] = [];
  let spent = 0;
  for (const result of results) {
    const block = await blockOf(result, steps[0], options);
    if (spent + block.cost > room) break;
    spent += block.cost;
    blocks.push(block);
  }
  for (const lines of steps.slice(1)) {
    for (const [index, before] of blocks.entries()) {
      const block = await blockOf(results[index]!, lines, options);
      if (spent - before.cost + block.cost > room) continue;
      spent += block.cost - before.cost;
      blocks[index] = block;
    }
  }
  return blocks;
}

function compose(blocks: readonly Block[], response: SearchResponse, options: AnswerOptions): ToolAnswer {
  const { title, state } = options;
  const left = response.results.length - blocks.length;
  const omitted = left > 0 ? [`${left} more did not fit into the budget of ${options.budget} tokens.`] : [];
  const found = response.results.length === 0 ? ['Nothing found.'] : [];
  const text = [[title, ...state].join('\n'), ...found, ...blocks.map((block) => block.text), ...omitted].join('\n\n');
  const structured = {
    query: response.query.slice(0, 200),
    complete: state.length === 0,
    ...(state.length === 0 ? {} : { state }),
    results: blocks.map((block) => block.result),
    omitted: left,
    more: response.more,
  };
  return { text, structured };
}

/** Search results for an agent, within the budget in either form; what does not fit is dropped from the end and counted. */
export async function searchAnswer(response: SearchResponse, options: AnswerOptions): Promise<ToolAnswer> {
  const total = ({ text, structured }: ToolAnswer): Promise<number> => costOf(text, structured, options);
  const frame = await total(compose([], response, options));
  let blocks = await fit(response.results, options.budget - frame, options);
  let answer = compose(blocks, response, options);
  // Tokens do not add up exactly where texts are joined.
  while (blocks.length > 0 && (await total(answer)) > options.budget) {
    blocks = blocks.slice(0, -1);
    answer = compose(blocks, response, options);
  }
  return { ...answer, text: await clipped(answer.text, options) };
}

/** The beginning of a text that the budget holds: all of it, unless the budget is smaller than a title. */
async function clipped(text: string, { budget, countTokens }: AnswerOptions): Promise<string> {
  let kept = text;
  for (let tokens = await countTokens(kept); kept !== '' && tokens > budget; tokens = await countTokens(kept)) {
    kept = kept.slice(0, Math.floor(kept.length * Math.min(0.9, budget / tokens)));
  }
  return kept;
}
