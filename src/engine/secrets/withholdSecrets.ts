import type { SearchRequest, SearchResponse } from '../../shared/search.ts';
import { withheldChunks } from './scanSecrets.ts';

/**
 * The answer as somebody else's model may see it, where the request says that it is for one: of a chunk that may hold a secret
 * only the place is told.
 */
export function withoutSecrets(
  response: SearchResponse,
  { withholdSecrets }: Pick<SearchRequest, 'withholdSecrets'>,
): SearchResponse {
  if (withholdSecrets !== true) return response;
  const results = response.results.map((result) => {
    const texts = [result.text, result.signature, result.symbol].filter((text) => text !== '');
    if (withheldChunks(result.path, texts).size === 0) return result;
    const { root, path, startLine, endLine, chunkId, language, kind, score, signals } = result;
    const place = { root, path, startLine, endLine, chunkId, language, kind, score, signals };
    return { ...place, symbol: '', signature: '', matches: [], text: '', withheld: true as const };
  });
  return { ...response, results };
}
