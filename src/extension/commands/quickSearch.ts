import { QuickSearch } from '../views/quickSearch.ts';
import type { CommandHandler } from './commandContext.ts';
import { search } from './search.ts';
import { requireFolder } from './requireFolder.ts';
import { showSimilar } from './showSimilar.ts';

/** Search in a quick pick; an argument fills the box. With the engine down the pick shows the error as its only row. */
export const quickSearch: CommandHandler = (context, query) => {
  requireFolder();
  const { engine, opener, history, reportError } = context;
  const { searchMode, maxResults } = context.settings();
  new QuickSearch({
    request: (method, params, signal) => engine.request(method, params, signal),
    mode: searchMode,
    limit: maxResults,
    open: (location, how) => opener.open(location, how),
    cancelOpen: () => opener.cancel(),
    similar: (location) => showSimilar(context, location),
    toPanel: (text) => search(context, text),
    remember: (text) => history.remember(text),
    reportError,
  }).show(typeof query === 'string' ? query : '');
};
