import { SextantError } from '../../shared/errors.ts';
import type { PairSource } from '../../shared/finetune.ts';
import type {
  MeasureExample,
  MeasureProgress,
  MeasureReport,
  MeasureRow,
  MeasureSystem,
} from '../../shared/measure.ts';
import type { SearchMode } from '../../shared/search.ts';
import { minePairs } from '../finetune/pairs/minePairs.ts';
import type { OpenRoot } from '../openRoot.ts';
import type { Encoder } from '../runtime/encoder.ts';
import { HeldOutIndex } from './heldOutIndex.ts';
import { heldOutQueries, sampleQueries, type HeldOutQuery } from './heldOutQueries.ts';
import { meanScores, runQueries, type QueryOutcome } from './runQueries.ts';

export interface MeasureSearchOptions {
  readonly root: OpenRoot;
  readonly storageDir: string;
  /** The models to measure, the one in use first. */
  readonly encoders: readonly Encoder[];
  readonly sources: readonly PairSource[];
  readonly queries: number;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: Omit<MeasureProgress, 'root'>) => void;
}

interface MeasuredSystem extends MeasureSystem {
  readonly outcomes: readonly QueryOutcome[];
}

/** With fewer, chance moves the figures more than models do. */
const fewQueries = 50;
const mostExamples = 12;
const modes: readonly SearchMode[] = ['keyword', 'semantic', 'hybrid'];

function rowsOf({ mode, model, outcomes }: MeasuredSystem): MeasureRow[] {
  const groups = Map.groupBy(outcomes, ({ query }) => query.source);
  const row = (source: MeasureRow['source'], group: readonly QueryOutcome[]): MeasureRow => ({
    mode,
    model,
    source,
    queries: group.length,
    ...meanScores(group),
  });
  return [row('all', outcomes), ...[...groups].map(([source, group]) => row(source, group))];
}

/** The queries on which the systems differ most, by the reciprocal of the place of the first answer. */
function examplesOf(systems: readonly MeasuredSystem[]): MeasureExample[] {
  const worth = (rank: number | null): number => (rank === null ? 0 : 1 / rank);
  const examples = (systems[0]?.outcomes ?? []).map(({ query }, index) => {
    const ranks = systems.map(({ outcomes }) => outcomes[index]!.rank);
    const worths = ranks.map(worth);
    return { query, ranks, spread: Math.max(...worths) - Math.min(...worths) };
  });
  return examples
    .filter(({ spread }) => spread > 0)
    .sort((left, right) => right.spread - left.spread)
    .slice(0, mostExamples)
    .map(({ query: { query, source, answers }, ranks }) => {
      const { path, startLine, endLine } = answers[0]!;
      return { query, source, path, startLine, endLine, ranks };
    });
}

async function mineQueries({ root, sources, queries, signal }: MeasureSearchOptions): Promise<HeldOutQuery[]> {
  const mined = await minePairs({ folder: root.workspace.path, index: root.reading(), sources, signal });
  const held = sampleQueries(heldOutQueries(mined), queries);
  if (held.length > 0) return held;
  throw new SextantError('too_little_data', `There is nothing in ${root.workspace.name} to make queries from.`, {
    hint: 'Queries are made from doc comments, commit subjects and test names.',
  });
}

/**
 * Measures search on the user's own code: queries whose answers are known are made out of the workspace, the words they were made
 * from are withheld, and each mode and model is asked all of them.
 * @throws SextantError `too_little_data`; as indexing does; the signal's reason when cancelled.
 */
export async function measureSearch(options: MeasureSearchOptions): Promise<MeasureReport> {
  const started = performance.now();
  const { root, encoders, signal, onProgress } = options;
  onProgress({ phase: 'mining', share: 0 });
  const queries = await mineQueries(options);
  const held = new HeldOutIndex({ root, storageDir: options.storageDir, queries, withhold: 'answers', signal });
  try {
    const systems: MeasuredSystem[] = [];
    const runs = 1 + encoders.length * (modes.length - 1);
    let asked = 0;
    const onQuery = (): void => {
      asked += 1;
      if (asked % 20 === 0) onProgress({ phase: 'searching', share: asked / (runs * queries.length) });
    };
    for (const [at, encoder] of encoders.entries()) {
      await held.fill(encoder, (share) => onProgress({ phase: 'indexing', share: (at + share) / encoders.length }));
      for (const mode of modes) {
        if (mode === 'keyword' && at > 0) continue;
        const outcomes = await runQueries(queries, { index: held.store.reader, encoder, mode, signal, onQuery });
        systems.push({ mode, model: mode === 'keyword' ? null : encoder.name, outcomes });
      }
    }
    return {
      root: root.root,
      queries: queries.length,
      chunks: held.store.reader.counts().chunks,
      systems: systems.map(({ mode, model }) => ({ mode, model })),
      rows: systems.flatMap(rowsOf),
      examples: examplesOf(systems),
      seconds: (performance.now() - started) / 1000,
      ...(queries.length < fewQueries && {
        notice: `Only ${queries.length} queries could be made: differences of a few points mean nothing.`,
      }),
    };
  } finally {
    held.dispose();
  }
}
