import { hash } from 'node:crypto';
import type { PairSource, QueryPair } from '../../shared/finetune.ts';
import type { MinedPair } from '../finetune/pairs/minedPair.ts';
import { queryKey } from '../finetune/pairs/refinePairs.ts';

/** A place that answers a query: lines of a file, or any of its lines. */
export interface AnswerPlace {
  readonly path: string;
  readonly startLine: number;
  readonly endLine: number;
  readonly wholeFile: boolean;
}

/** A question whose answer is known, with what it was made from. */
export interface HeldOutQuery {
  readonly query: string;
  readonly source: PairSource;
  readonly answers: readonly AnswerPlace[];
  /** Chunks that the query was made from and that would be found by its very words; not counted as results. */
  readonly origins: readonly { readonly path: string; readonly startLine: number }[];
  readonly date?: string;
}

/** A pair that was mined just now also says what it was made from. */
type AskingPair = QueryPair & Pick<Partial<MinedPair>, 'origin'>;

/** A commit or an issue asks for the files that changed: which of their lines matter most nobody has said. */
const askForFiles: ReadonlySet<PairSource> = new Set(['commit', 'issue']);

function placeOf({ path, startLine, endLine, source }: QueryPair): AnswerPlace {
  return { path, startLine, endLine, wholeFile: askForFiles.has(source) };
}

function distinctPlaces(pairs: readonly AskingPair[]): AnswerPlace[] {
  const places = pairs.map(placeOf);
  return places.filter((place, index) => {
    const same = (other: AnswerPlace): boolean =>
      other.path === place.path && (place.wholeFile || other.startLine === place.startLine);
    return places.findIndex(same) === index;
  });
}

/** Pairs that ask the same become one query with several answers. */
export function heldOutQueries(pairs: readonly AskingPair[]): HeldOutQuery[] {
  const groups = Map.groupBy(pairs, ({ source, query }) => `${source} ${queryKey(query)}`);
  return [...groups.values()].map((group): HeldOutQuery => {
    const { query, source, date } = group[0]!;
    return {
      query,
      source,
      answers: distinctPlaces(group),
      origins: group.flatMap(({ origin }) => (origin === undefined ? [] : [origin])),
      ...(date === undefined ? {} : { date }),
    };
  });
}

/** At most `limit` queries, as many of each source as there are, in an order that depends on their words alone. */
export function sampleQueries(queries: readonly HeldOutQuery[], limit: number): HeldOutQuery[] {
  const orderOf = ({ query }: HeldOutQuery): string => hash('sha256', query);
  const bySource = [...Map.groupBy(queries, ({ source }) => source).values()].map((group) =>
    group.map((query) => ({ query, order: orderOf(query) })).sort((a, b) => (a.order < b.order ? -1 : 1)),
  );
  const taken: HeldOutQuery[] = [];
  for (let at = 0; taken.length < limit && bySource.some((group) => group.length > at); at++) {
    for (const group of bySource) if (group[at] !== undefined && taken.length < limit) taken.push(group[at]!.query);
  }
  return taken;
}
