import { SextantError } from '../../shared/errors.ts';
import type { SearchMode } from '../../shared/search.ts';
import { contentWords, firstSentence, identifierWords } from '../finetune/pairs/prose.ts';
import type { Encoder } from '../runtime/encoder.ts';
import type { ChunkRow, FileRow, SearchSource } from '../store/searchIndex.ts';
import { latencyOf, type Latency } from './latency.ts';
import { SeededRandom } from './seededRandom.ts';
import type { AskedQuestion, TeamClient } from './teamClient.ts';

export interface TeamBenchOptions {
  /** A view that is published, searched as it is. */
  readonly index: SearchSource;
  /** Those who search it. */
  readonly clients: readonly [TeamClient, ...TeamClient[]];
  /** Needed by every mode but `keyword`. */
  readonly encoder: Encoder | undefined;
  readonly mode: SearchMode;
  /** Searches that are under way together in each round. */
  readonly atOnce: number;
  readonly rounds: number;
  readonly signal: AbortSignal;
  readonly onProgress: (message: string) => void;
}

export interface TeamBenchResult {
  readonly chunks: number;
  readonly queries: number;
  readonly mode: SearchMode;
  readonly model: string | undefined;
  readonly alone: Latency;
  readonly atOnce: number;
  readonly clients: number;
  /** Of each round, in their order: the first ones also read what is kept for later searches. */
  readonly together: readonly Latency[];
  /** Processor time of this process for a search, mean over the rounds; the server's is not in it. */
  readonly cpuMsPerSearch: number;
}

/** Embedding more would take longer than searching for them. */
const mostQueries = 4000;
const aloneSearches = 50;
const warmUps = 10;
const fewestWords = 3;

/** What somebody might ask to find the chunk: what its documentation says, or the words of its name. */
function questionFor({ doc, name }: ChunkRow): string | undefined {
  const asked = [firstSentence(doc), identifierWords(name).join(' ')];
  return asked.find((text) => contentWords(text).length >= fewestWords);
}

/** Up to `wanted` questions to chunks from all over the view, the same ones each time. */
async function questions(index: SearchSource, wanted: number, signal: AbortSignal): Promise<string[]> {
  const random = new SeededRandom(11);
  const shuffled = (await index.files())
    .map((file: FileRow) => ({ file, at: random.next() }))
    .sort((left, right) => left.at - right.at);
  const found = new Set<string>();
  for (const { file } of shuffled) {
    if (found.size >= wanted) break;
    signal.throwIfAborted();
    for (const chunk of await index.chunksOfFile(file.fileId)) {
      const question = questionFor(chunk);
      if (question === undefined) continue;
      found.add(question);
      break;
    }
  }
  return [...found];
}

/**
 * Times whole searches, without embedding the question: one after another by the first client, then many at once, as a team's agents
 * ask, dealt out to all clients.
 * @throws SextantError `index_missing` where the view has nothing to ask for or no vectors of the model; the signal's reason when
 * cancelled.
 */
export async function teamBench(options: TeamBenchOptions): Promise<TeamBenchResult> {
  const { index, clients, encoder, mode, atOnce, rounds, signal, onProgress } = options;
  // Each is asked once where the view has enough: what was found for one is kept for the next that needs it.
  const wanted = Math.min(mostQueries, warmUps + aloneSearches + atOnce * rounds);
  const asked = await questions(index, wanted, signal);
  if (asked.length === 0) {
    throw new SextantError('index_missing', 'The view has no documented or named code to ask for.', {
      hint: 'Publish a folder with `sextant index DIR --store URL`.',
    });
  }
  const embedded = await encoder?.embed(asked, 'query', { signal });
  let next = 0;
  const some = (count: number): AskedQuestion[] =>
    Array.from({ length: count }, () => {
      const at = next++ % asked.length;
      return { query: asked[at]!, vector: embedded?.embeddings[at] };
    });
  const [first] = clients;
  const alone: number[] = [];
  for (let i = 0; i < warmUps + aloneSearches; i += 1) {
    signal.throwIfAborted();
    alone.push(...(await first.together(some(1))));
  }
  const shares = clients.map((_, i) => Math.ceil((atOnce - i) / clients.length));
  const together: Latency[] = [];
  const before = process.cpuUsage();
  for (let round = 0; round < rounds; round += 1) {
    signal.throwIfAborted();
    const times = await Promise.all(clients.map((client, i) => client.together(some(shares[i]!))));
    together.push(latencyOf(times.flat()));
    onProgress(`${round + 1} of ${rounds} rounds`);
  }
  const { user, system } = process.cpuUsage(before);
  const { chunks } = await index.counts();
  return {
    chunks,
    queries: asked.length,
    mode,
    model: encoder?.name,
    alone: latencyOf(alone.slice(warmUps)),
    atOnce,
    clients: clients.length,
    together,
    cpuMsPerSearch: Number(((user + system) / 1000 / (rounds * atOnce)).toFixed(2)),
  };
}
