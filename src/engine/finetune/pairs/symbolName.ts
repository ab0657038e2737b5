import type { SymbolKind } from '../../../shared/search.ts';
import { documentText, pairFor, type MinedPair } from './minedPair.ts';
import type { PairWorkspace } from './pairWorkspace.ts';
import { identifierWords, masked } from './prose.ts';
import { undocumented } from './undocumented.ts';

const named: ReadonlySet<SymbolKind> = new Set(['function', 'method', 'class', 'interface', 'struct', 'enum', 'trait']);
/** A body shorter than this cannot be told from its neighbours once the name is gone. */
const shortestBody = 80;

/** A name in plain words asks for the body, in which the name is masked. */
export function* symbolNamePairs({ answers }: PairWorkspace): Generator<MinedPair> {
  for (const chunk of answers) {
    if (!chunk.definition || !named.has(chunk.kind) || chunk.text.length < shortestBody) continue;
    const words = identifierWords(chunk.name);
    if (words.length < 2) continue;
    const context = masked(documentText(undocumented(chunk) ?? chunk), chunk.name);
    yield pairFor(chunk, 'name', words.join(' '), { context });
  }
}
