import type { SearchResponse } from './search.ts';
import type { RootStatus } from './status.ts';

export const percent = (share: number): string => `${Math.floor(share * 100)} %`;

/** Sentences about a response and the roots it came from that keep an agent from taking a partial answer for the whole. */
export function indexState(
  response: Pick<SearchResponse, 'embeddedShare' | 'notice'>,
  roots: readonly RootStatus[],
): string[] {
  const reading = roots.filter(({ phase }) => phase === 'opening' || phase === 'scanning' || phase === 'indexing');
  const empty = roots.filter(({ phase, files }) => (phase === 'ready' || phase === 'paused') && files === 0);
  const broken = roots.filter(({ phase }) => phase === 'error');
  return [
    ...reading.map(
      ({ name, files }) => `The index of ${name} is partial: files are still being read (${files} so far).`,
    ),
    ...empty.map(({ name }) => `Nothing in ${name} is indexed.`),
    ...broken.map(({ name, error }) => `The index of ${name} has a problem: ${error?.message ?? 'unknown'}`),
    ...(response.embeddedShare < 1
      ? [
          `The index is partial: ${percent(response.embeddedShare)} can be found by meaning so far, all that is read by words.`,
        ]
      : []),
    ...(response.notice === undefined ? [] : [response.notice]),
  ];
}
