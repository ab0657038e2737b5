import type { SearchFilters, SearchMode, SearchResult } from '../../../shared/search.ts';
import { inputOf, type Answer, type ListView, type Page, type PanelState, type SearchPage } from './state.ts';

/** Raised whenever the stored form changes its meaning; another version is ignored. */
const version = 1;
const maxPages = 4;
const maxResults = 120;

interface Stored {
  readonly version: number;
  readonly query: string;
  readonly mode: SearchMode;
  readonly modeChosen: boolean;
  readonly filters: SearchFilters;
  readonly pages: readonly [SearchPage, ...Page[]];
}

function shortened(answer: Answer | null): Answer | null {
  if (answer === null || answer.results.length <= maxResults) return answer;
  return { ...answer, results: answer.results.slice(0, maxResults), more: answer.input.query !== '' };
}

/** What survives hiding and reloading the panel: the newest pages, each with a bounded number of results. */
export function toStored(state: PanelState): Stored {
  const [bottom, ...above] = state.pages;
  const rest = above
    .slice(-maxPages)
    .map((page): Page => (page.kind === 'duplicates' ? page : { ...page, answer: shortened(page.answer) }));
  return {
    version,
    query: state.query,
    mode: state.mode,
    modeChosen: state.modeChosen,
    filters: state.filters,
    pages: [{ ...bottom, answer: shortened(bottom.answer) }, ...rest],
  };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isView(value: unknown): value is ListView {
  return isObject(value) && Array.isArray(value.collapsed) && Array.isArray(value.explained);
}

function isResult(value: unknown): value is SearchResult {
  return (
    isObject(value) &&
    typeof value.path === 'string' &&
    typeof value.text === 'string' &&
    isObject(value.signals) &&
    Array.isArray(value.matches)
  );
}

function isPage(value: unknown): value is Page {
  if (!isObject(value) || !isView(value.view)) return false;
  if (value.kind === 'duplicates') return Array.isArray(value.groups);
  if (value.kind === 'similar' && !isObject(value.origin)) return false;
  if (value.kind !== 'search' && value.kind !== 'similar') return false;
  const { answer } = value;
  return answer === null || (isObject(answer) && Array.isArray(answer.results) && answer.results.every(isResult));
}

function isStored(value: unknown): value is Stored {
  return (
    isObject(value) &&
    value.version === version &&
    typeof value.query === 'string' &&
    ['hybrid', 'semantic', 'keyword'].includes(String(value.mode)) &&
    isObject(value.filters) &&
    Array.isArray(value.pages) &&
    value.pages.every(isPage) &&
    isPage(value.pages[0]) &&
    value.pages[0].kind === 'search'
  );
}

/** Brings back what {@link toStored} kept; anything else, such as another version's state, leaves `state` as it is. */
export function fromStored(state: PanelState, stored: unknown): PanelState {
  if (!isStored(stored)) return state;
  const { query, mode, modeChosen, filters, pages } = stored;
  const restored: PanelState = { ...state, query, mode, modeChosen, filters, pages };
  const asked = JSON.stringify(pages[0].answer?.input);
  const resuming = query.trim() !== '' && pages.length === 1 && asked !== JSON.stringify(inputOf(restored));
  return { ...restored, resuming };
}
