import { hash } from 'node:crypto';
import { fetch, type Dispatcher } from 'undici';
import { SextantError } from '../../../shared/errors.ts';
import type { QuestionPrompt } from '../../../shared/finetune.ts';
import { createDispatcher } from '../../net/createDispatcher.ts';
import { isFreeOfSecrets } from '../../secrets/scanSecrets.ts';
import { isSensitivePath } from '../../secrets/secretFiles.ts';
import type { ChunkRow, SearchIndex } from '../../store/searchIndex.ts';
import { documentText, pairFor, type MinedPair } from './minedPair.ts';
import { readPairWorkspace } from './pairWorkspace.ts';

/** About 256 tokens, the length for which the recipe of two questions a chunk was made (InPars, Bonifacio et al. 2022). */
const shortestCode = 200;
const longestCode = 1200;
const questionsPerChunk = 2;
const longestAnswerMs = 120_000;

/** Where questions are written: an OpenAI-compatible server. */
export interface QuestionServer {
  /** Base address, such as `http://localhost:11434/v1`. */
  readonly url: string;
  readonly model: string;
  readonly key?: string;
}

export interface QuestionRequest extends QuestionPrompt {
  readonly chunk: ChunkRow;
}

function promptFor(chunk: ChunkRow): string {
  return [
    `Here is a piece of code from a project. Write ${questionsPerChunk} different questions that a developer who does not know it would type into a code search to find it.`,
    'Describe what it does in other words than its own; do not use its names. One question a line, nothing else.',
    '',
    documentText(chunk).slice(0, longestCode * 2),
  ].join('\n');
}

/** What would be asked, at most `limit` pieces of code evenly from the workspace; nothing that may hold a secret. */
export function questionRequests(folder: string, index: SearchIndex, limit: number): QuestionRequest[] {
  const fits = ({ text, path, definition }: ChunkRow): boolean =>
    definition && text.length >= shortestCode && text.length <= longestCode && !isSensitivePath(path);
  return readPairWorkspace(folder, index)
    .answers.filter((chunk) => fits(chunk) && isFreeOfSecrets(chunk.text))
    .map((chunk) => ({ chunk, order: hash('sha256', `${chunk.path}:${chunk.startLine}`) }))
    .sort((left, right) => (left.order < right.order ? -1 : 1))
    .slice(0, limit)
    .map(({ chunk, order }) => ({ chunk, key: order, prompt: promptFor(chunk) }));
}

/** The questions of an answer: its lines without numbers, bullets and quotes; what is no question of some words is left out. */
function questionsOf(answer: string): string[] {
  return answer
    .split('\n')
    .map((line) => line.replace(/^\s*(?:[-*•]|\d+[.):])?\s*["'“]?/, '').replace(/["'”]?\s*$/, ''))
    .filter((line) => line.split(/\s+/).length >= 4 && line.length <= 300)
    .slice(0, questionsPerChunk);
}

interface ChatAnswer {
  readonly choices?: readonly { readonly message?: { readonly content?: unknown } }[];
}

async function ask(
  { url, model, key }: QuestionServer,
  prompt: string,
  dispatcher: Dispatcher,
  signal: AbortSignal,
): Promise<string> {
  const response = await fetch(`${url.replace(/\/+$/, '')}/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(key === undefined ? {} : { authorization: `Bearer ${key}` }) },
    body: JSON.stringify({ model, messages: [{ role: 'user', content: prompt }], temperature: 0.7, stream: false }),
    // The key must not follow to wherever the server points.
    redirect: 'error',
    signal: AbortSignal.any([signal, AbortSignal.timeout(longestAnswerMs)]),
    dispatcher,
  }).catch((cause: unknown) => {
    signal.throwIfAborted();
    throw new SextantError('network', `The language model at ${url} does not answer.`, { cause });
  });
  if (!response.ok) {
    throw new SextantError(
      'network',
      `The language model at ${url} refused: ${response.status} ${response.statusText}.`,
    );
  }
  const { choices } = (await response.json()) as ChatAnswer;
  const content = choices?.[0]?.message?.content;
  return typeof content === 'string' ? content : '';
}

/** The pairs that an answer to a request makes. */
export function questionPairs({ chunk }: QuestionRequest, answer: string): MinedPair[] {
  return questionsOf(answer).map((question) => pairFor(chunk, 'model', question));
}

/**
 * Has questions written, one request after the other. Only ever called after the user has seen the requests and agreed.
 * @throws SextantError `network`; the signal's reason when cancelled.
 */
export async function* writtenQuestions(
  server: QuestionServer,
  requests: readonly QuestionRequest[],
  signal: AbortSignal,
): AsyncGenerator<MinedPair> {
  const dispatcher = createDispatcher({}, { connectMs: 10_000, stallMs: longestAnswerMs });
  try {
    for (const request of requests)
      yield* questionPairs(request, await ask(server, request.prompt, dispatcher, signal));
  } finally {
    await dispatcher.destroy();
  }
}
