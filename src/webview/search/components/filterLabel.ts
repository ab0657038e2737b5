import type { Filter } from '../model/filters.ts';
import { text } from '../text.ts';

/** What a chip and the picker call a filter. */
export function filterLabel(filter: Filter): string {
  if (filter.type === 'language') return text.language(filter.value);
  if (filter.type === 'kind') return text.kinds[filter.value];
  if (filter.type === 'scope') return text.scopes[filter.value];
  return filter.value;
}
