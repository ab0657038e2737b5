import type { Labels } from './labels.ts';
import type { CandidateFilter } from './searchIndex.ts';

/** A condition with its parameters, to be put behind WHERE or AND. */
export interface Condition {
  readonly sql: string;
  readonly parameters: readonly (string | number | bigint)[];
}

/** Columns that the three labels and the file of a candidate are read from; a column left out is not filtered by. */
export interface FilterColumns {
  readonly language: string;
  readonly scope: string;
  readonly kind: string;
  readonly file?: string;
}

/** Numbers of the names; those that no row carries are left out, so the list may be empty and match nothing. */
function idsOf(labels: Labels, names: readonly string[]): number[] {
  return names.map((name) => labels.find(name)).filter((id) => id !== undefined);
}

/** Nothing to filter by means undefined; an empty list of languages, kinds or scopes counts as absent. */
export function conditionOf(filter: CandidateFilter, labels: Labels, columns: FilterColumns): Condition | undefined {
  const conditions: string[] = [];
  const parameters: (string | number)[] = [];
  const lists = [
    [filter.languages, columns.language],
    [filter.scopes, columns.scope],
    [filter.kinds, columns.kind],
  ] as const;
  for (const [names, column] of lists) {
    if (names === undefined || names.length === 0) continue;
    const ids = idsOf(labels, names);
    // Numbers from our own table, so they may stand in the text; vec0 wants them as literals.
    conditions.push(`${column} IN (${ids.length === 0 ? '-1' : ids.join(', ')})`);
  }
  if (filter.fileIds !== undefined && columns.file !== undefined) {
    conditions.push(`${columns.file} IN (SELECT value FROM json_each(?))`);
    parameters.push(JSON.stringify([...filter.fileIds]));
  }
  return conditions.length === 0 ? undefined : { sql: conditions.join(' AND '), parameters };
}
