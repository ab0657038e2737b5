import { isDocumentation } from '../../chunk/commentText.ts';
import { documentText, pairFor, type MinedPair } from './minedPair.ts';
import type { PairWorkspace } from './pairWorkspace.ts';
import { firstSentence, withoutName } from './prose.ts';
import { undocumented } from './undocumented.ts';

/** Documentation asks for the code without it. */
export function* docCommentPairs({ answers }: PairWorkspace): Generator<MinedPair> {
  for (const chunk of answers) {
    if (!chunk.definition || !isDocumentation(chunk.doc)) continue;
    const query = withoutName(firstSentence(chunk.doc), chunk.name);
    const bare = undocumented(chunk);
    if (query === '' || bare === undefined) continue;
    yield pairFor(chunk, 'doc', query, { context: documentText(bare) });
  }
}
