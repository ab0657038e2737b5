import type { Location, SearchRequest, SearchResponse } from '../shared/search.ts';
import type { EngineStatus } from '../shared/status.ts';
import type { EngineClient } from './engine/engineClient.ts';
import type { LocationOpener } from './views/openLocation.ts';

/**
 * What `activate` returns: just enough for the integration tests to see results that otherwise only reach the panel.
 * Not a public API; it may change with every release.
 */
export interface SextantApi {
  /** `null` while no engine runs. */
  status(): EngineStatus | null;
  /** Process id of the running engine. */
  enginePid(): number | undefined;
  search(request: SearchRequest): Promise<SearchResponse>;
  similar(location: Location, limit: number): Promise<SearchResponse>;
  open(location: Location): Promise<void>;
}

export function createApi(client: EngineClient, opener: LocationOpener): SextantApi {
  return {
    status: () => client.status,
    enginePid: () => (client.state.kind === 'running' ? client.state.pid : undefined),
    search: (request) => client.request('search', request),
    similar: (location, limit) => client.request('similar', { location, limit, filters: {} }),
    open: (location) => opener.open(location, 'open'),
  };
}
