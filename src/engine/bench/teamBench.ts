import { SextantError } from '../../shared/errors.ts';
import type { SearchMode } from '../../shared/search.ts';
import { RememberingEncoder } from '../finetune/evaluate/rememberingEncoder.ts';
import { contentWords, firstSentence, identifierWords } from '../finetune/pairs/prose.ts';
import type { Encoder } from '../runtime/encoder.ts';
import { SearchEngine } from '../search/searchEngine.ts';
import type { ChunkRow, FileRow, SearchSource } from '../store/searchIndex.ts';
import { latencyOf, type Latency } from './latency.ts';
import { SeededRandom } from './seededRandom.ts';

export interface TeamBenchOptions {
  /** A view that is published, searched as it is. */
  readonly index: SearchSource;
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
 * Times whole searches, without embedding the question: one after another, then many at once, as a team's agents ask.
 * @throws SextantError `index_missing` where the view has nothing to ask for or no vectors of the model; the signal's reason when
 * cancelled.
 */
export async function teamBench(options: TeamBenchOptions): Promise<TeamBenchResult> {
  const { index, mode, atOnce, rounds, signal, onProgress } = options;
  // Each is asked once where the view has enough: what was found for one is kept for the next that needs it.
  const wanted = Math.min(mostQueries, warmUps + aloneSearches + atOnce * rounds);
  const asked = await questions(index, wanted, signal);
  if (asked.length === 0) {
    throw new SextantError('index_missing', 'The view has no documented or named code to ask for.', {
      hint: 'Publish a folder with `sextant index DIR --store URL`.',
    });
  }
  const encoder = options.encoder === undefined ? undefined : new RememberingEncoder(options.encoder);
  await encoder?.embed(asked, 'query', { signal });
  const engine = new SearchEngine();
  let next = 0;
  const search = async (): Promise<number> => {
    const query = asked[next++ % asked.length]!;
    const request = { query, mode, limit: 10, filters: {} };
    const begun = performance.now();
    const { notice } = await engine.search([{ root: 'team', index }], encoder, request, signal);
    const took = performance.now() - begun;
    if (notice !== undefined) {
      throw new SextantError('index_missing', `The view cannot be searched in ${mode} mode. ${notice}`, {
        hint: 'Publish it with this model, or name the one that it was published with by --model.',
      });
    }
    return took;
  };
  const inTurn = async (count: number): Promise<number[]> => {
    const times: number[] = [];
    for (let i = 0; i < count; i += 1) times.push(await search());
    return times;
  };
  await inTurn(warmUps);
  const alone = latencyOf(await inTurn(aloneSearches));
  const together: Latency[] = [];
  const before = process.cpuUsage();
  for (let round = 0; round < rounds; round += 1) {
    together.push(latencyOf(await Promise.all(Array.from({ length: atOnce }, search))));
    onProgress(`${round + 1} of ${rounds} rounds`);
  }
  const { user, system } = process.cpuUsage(before);
  const { chunks } = await index.counts();
  const cpuMsPerSearch = Number(((user + system) / 1000 / (rounds * atOnce)).toFixed(2));
  return { chunks, queries: asked.length, mode, model: encoder?.name, alone, atOnce, together, cpuMsPerSearch };
}
