import type { CandidateFilter } from '../searchIndex.ts';

/** Conditions, each behind AND, on chunks `c` and files `f`; empty where there is nothing to filter by. */
export interface FilterCondition {
  readonly sql: string;
  readonly values: readonly unknown[];
}

/** `first`: number of the first parameter that is free. An empty list of languages, kinds or scopes counts as absent. */
export function filterCondition(
  filter: CandidateFilter,
  first: number,
  columns: { readonly kind: string } = { kind: 'c.kind' },
): FilterCondition {
  const conditions: string[] = [];
  const values: unknown[] = [];
  const add = (column: string, type: string, list: readonly unknown[]): void => {
    conditions.push(`AND ${column} = ANY ($${first + values.length}::${type}[])`);
    values.push(list);
  };
  const present = (list: readonly string[] | undefined): readonly string[] => list ?? [];
  if (present(filter.languages).length > 0) add('f.language', 'text', filter.languages!);
  if (present(filter.scopes).length > 0) add('f.scope', 'text', filter.scopes!);
  if (present(filter.kinds).length > 0) add(columns.kind, 'text', filter.kinds!);
  if (filter.fileIds !== undefined) add('f.file_id', 'bigint', [...filter.fileIds]);
  return { sql: conditions.join(' '), values };
}
