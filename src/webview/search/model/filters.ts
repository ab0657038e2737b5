import type { SearchFilters, SearchScope, SymbolKind } from '../../../shared/search.ts';

/** One active filter, as its chip shows it. */
export type Filter =
  | { readonly type: 'language'; readonly value: string }
  | { readonly type: 'kind'; readonly value: SymbolKind }
  | { readonly type: 'scope'; readonly value: SearchScope }
  /** A glob relative to the root; a leading `!` excludes. */
  | { readonly type: 'path'; readonly value: string };

/** All active filters in the order of their chips. */
export function listFilters(filters: SearchFilters): Filter[] {
  return [
    ...(filters.scopes ?? []).map((value): Filter => ({ type: 'scope', value })),
    ...(filters.languages ?? []).map((value): Filter => ({ type: 'language', value })),
    ...(filters.kinds ?? []).map((value): Filter => ({ type: 'kind', value })),
    ...(filters.paths ?? []).map((value): Filter => ({ type: 'path', value })),
  ];
}

function toggled<T>(values: readonly T[] | undefined, value: T): T[] {
  const before = values ?? [];
  return before.includes(value) ? before.filter((other) => other !== value) : [...before, value];
}

/** Adds the filter, or removes it when it is set. */
export function toggleFilter(filters: SearchFilters, filter: Filter): SearchFilters {
  const next: SearchFilters = { ...filters };
  if (filter.type === 'language') next.languages = toggled(filters.languages, filter.value);
  else if (filter.type === 'kind') next.kinds = toggled(filters.kinds, filter.value);
  else if (filter.type === 'scope') next.scopes = toggled(filters.scopes, filter.value);
  else next.paths = toggled(filters.paths, filter.value);
  return withoutEmpty(next);
}

/** Empty lists and absent ones mean the same; only the absent form is kept, so that equal filters are equal objects. */
function withoutEmpty(filters: SearchFilters): SearchFilters {
  return Object.fromEntries(Object.entries(filters).filter(([, values]) => (values?.length ?? 0) > 0));
}

export function hasFilter(filters: SearchFilters, filter: Filter): boolean {
  return listFilters(filters).some((other) => other.type === filter.type && other.value === filter.value);
}

/** Whether a text in the filter box is meant as a path rather than as the name of a language or kind. */
export function looksLikePath(text: string): boolean {
  return /[/\\*?!.[\]{}]/.test(text);
}

/** A typed path in the form that filters take: forward slashes, no surrounding blanks, no leading `./`. */
export function normalizePath(text: string): string {
  const path = text.trim().replaceAll('\\', '/');
  const negated = path.startsWith('!');
  return (negated ? '!' : '') + (negated ? path.slice(1) : path).replace(/^(\.?\/)+/, '');
}
