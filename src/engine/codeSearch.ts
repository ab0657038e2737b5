import { SextantError } from '../shared/errors.ts';
import type {
  DuplicatesRequest,
  DuplicatesResponse,
  SearchRequest,
  SearchResponse,
  SimilarRequest,
} from '../shared/search.ts';
import type { EncoderHost } from './encoderHost.ts';
import type { OpenRoot } from './openRoot.ts';
import type { OpenRoots } from './openRoots.ts';
import type { Encoder } from './runtime/encoder.ts';
import { SearchEngine } from './search/searchEngine.ts';
import type { SearchRoot } from './search/searchRoot.ts';
import { translateError } from './store/sqlite.ts';
import { searchLayers } from './team/searchLayers.ts';

/** Answers questions about the code of the open roots, each with the model that its embeddings were made with. */
export class CodeSearch {
  readonly #roots: OpenRoots;
  readonly #encoders: EncoderHost;
  readonly #search = new SearchEngine();

  constructor(roots: OpenRoots, encoders: EncoderHost) {
    this.#roots = roots;
    this.#encoders = encoders;
  }

  search(request: SearchRequest, signal: AbortSignal): Promise<SearchResponse> {
    return this.#layered(request.roots, request.mode !== 'keyword', (searched, encoder) =>
      this.#search.search(searched, encoder, request, signal),
    );
  }

  similar(request: SimilarRequest, signal: AbortSignal): Promise<SearchResponse> {
    return this.#layered(request.roots, true, (searched, encoder) =>
      this.#search.similar(searched, encoder, request, signal),
    );
  }

  async duplicates(request: DuplicatesRequest, signal: AbortSignal): Promise<DuplicatesResponse> {
    const roots = this.#roots.chosen(request.roots);
    const encoder = await this.#encoderFor(roots, true);
    const searched = roots.map((root) => root.searchedWith(encoder?.fingerprint));
    return this.#guarded(roots, () => this.#search.duplicates(searched, request, signal));
  }

  /** Asks the roots with what a team shares of them; `encodes`: the question is compared by its embedding, too. */
  async #layered(
    uris: readonly string[] | undefined,
    encodes: boolean,
    ask: (searched: readonly SearchRoot[], encoder: Encoder | undefined) => Promise<SearchResponse>,
  ): Promise<SearchResponse> {
    const roots = this.#roots.chosen(uris);
    const encoder = await this.#encoderFor(roots, encodes);
    return this.#guarded(roots, () => searchLayers(roots, encoder?.fingerprint, (searched) => ask(searched, encoder)));
  }

  /** The encoder for a query, waited for only where there is something to compare the query with. */
  async #encoderFor(roots: readonly OpenRoot[], wanted: boolean): Promise<Encoder | undefined> {
    if (!wanted) return undefined;
    const serving = new Set(roots.map((root) => root.servingModel()).filter((model) => model !== undefined));
    if (serving.size === 0 && roots.every(({ team }) => team === undefined)) return this.#encoders.current;
    return this.#encoders.matching(serving) ?? this.#encoders.load().catch(() => undefined);
  }

  /** A damaged database shows itself in a search as well: the indexer is sent to look at it and builds it again. */
  async #guarded<T>(roots: readonly OpenRoot[], work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      const translated = translateError(error);
      if (translated instanceof SextantError && translated.code === 'database_damaged') {
        for (const root of roots) if (root.started) root.rescan();
      }
      throw translated;
    }
  }
}
