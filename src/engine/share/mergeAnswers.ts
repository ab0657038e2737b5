import type { SearchResponse } from '../../shared/search.ts';
import type { EngineStatus } from '../../shared/status.ts';

/** Answers of several engines as one, the best first; scores are relative to the best of each. `answers` is not empty. */
export function mergeResponses(answers: readonly SearchResponse[], limit: number): SearchResponse {
  const [first, ...rest] = answers as [SearchResponse, ...SearchResponse[]];
  if (rest.length === 0) return first;
  const results = answers.flatMap((answer) => answer.results).sort((a, b) => b.score - a.score);
  const largest = (pick: (answer: SearchResponse) => number): number => Math.max(...answers.map(pick));
  const notice = answers.find((answer) => answer.notice !== undefined)?.notice;
  return {
    query: first.query,
    mode: first.mode,
    tookMs: {
      embed: largest(({ tookMs }) => tookMs.embed),
      search: largest(({ tookMs }) => tookMs.search),
      total: largest(({ tookMs }) => tookMs.total),
    },
    results: results.slice(0, limit),
    more: results.length > limit || answers.some((answer) => answer.more),
    embeddedShare: Math.min(...answers.map((answer) => answer.embeddedShare)),
    ...(notice === undefined ? {} : { notice }),
  };
}

/** The roots of several engines together; model and backend are those of the first. */
export function mergeStatuses(statuses: readonly EngineStatus[]): EngineStatus {
  const roots = statuses.flatMap((status) => status.roots);
  return { paused: statuses.some(({ paused }) => paused), ...statuses[0], roots };
}

/** The answer with the roots that `names` knows, under the names it gives them; results in other roots are left out. */
export function renamedResponse(response: SearchResponse, names: ReadonlyMap<string, string>): SearchResponse {
  const results = response.results.flatMap((result) => {
    const root = names.get(result.root);
    return root === undefined ? [] : [{ ...result, root }];
  });
  return { ...response, results };
}

export function renamedStatus(status: EngineStatus, names: ReadonlyMap<string, string>): EngineStatus {
  const roots = status.roots.flatMap((root) => {
    const name = names.get(root.root);
    return name === undefined ? [] : [{ ...root, root: name }];
  });
  return { ...status, roots };
}
