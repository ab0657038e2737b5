import type { PairSource } from '../../../shared/finetune.ts';
import type { SearchIndex } from '../../store/searchIndex.ts';
import { callSitePairs } from './callSite.ts';
import { changedCode } from './changedCode.ts';
import { commitSubjectPairs } from './commitSubject.ts';
import { docCommentPairs } from './docComment.ts';
import { docsHeadingPairs } from './docsHeading.ts';
import { issueTitlePairs, type IssueTitles } from './issueTitle.ts';
import type { MinedPair } from './minedPair.ts';
import { readPairWorkspace, type PairWorkspace } from './pairWorkspace.ts';
import { refinePairs } from './refinePairs.ts';
import { symbolNamePairs } from './symbolName.ts';
import { testNamePairs } from './testName.ts';

export interface MinePairsOptions {
  /** Absolute path of the root. */
  readonly folder: string;
  readonly index: SearchIndex;
  /** Sources to use; {@link defaultSources} if absent. */
  readonly sources?: readonly PairSource[];
  readonly issues?: IssueTitles;
  /** At most so many commits are read, the newest first. */
  readonly commits?: number;
  readonly signal?: AbortSignal;
}

const fileSources = {
  doc: docCommentPairs,
  test: testNamePairs,
  docs: docsHeadingPairs,
  call: callSitePairs,
  name: symbolNamePairs,
} as const satisfies Partial<Record<PairSource, (workspace: PairWorkspace) => Iterable<MinedPair>>>;

/**
 * All that need nobody's consent, but names in words: whoever learns from them gains no more and forgets a point of general nDCG
 * (see the README of fine-tuning).
 */
const defaultSources: readonly PairSource[] = ['doc', 'commit', 'test', 'docs', 'issue', 'call'];
const defaultCommits = 3000;
/** Mining gives the event loop back after so many pairs. */
const pairsPerTurn = 500;

function turn(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}

async function* historyPairs(
  workspace: PairWorkspace,
  wanted: ReadonlySet<PairSource>,
  { issues = new Map(), commits = defaultCommits, signal }: MinePairsOptions,
): AsyncGenerator<MinedPair> {
  if (!wanted.has('commit') && !(wanted.has('issue') && issues.size > 0)) return;
  for await (const change of changedCode(workspace, { commits, ...(signal === undefined ? {} : { signal }) })) {
    if (wanted.has('commit')) yield* commitSubjectPairs(change);
    if (wanted.has('issue')) yield* issueTitlePairs(change, issues);
  }
}

/**
 * Makes query pairs out of an indexed workspace and its history. The same index and history give the same pairs.
 * @throws the signal's reason when cancelled.
 */
export async function minePairs(options: MinePairsOptions): Promise<MinedPair[]> {
  const { folder, index, signal } = options;
  const wanted = new Set<PairSource>(options.sources ?? defaultSources);
  const workspace = readPairWorkspace(folder, index);
  const mined: MinedPair[] = [];
  for (const [source, pairsOf] of Object.entries(fileSources)) {
    if (!wanted.has(source as PairSource)) continue;
    for (const pair of pairsOf(workspace)) {
      mined.push(pair);
      if (mined.length % pairsPerTurn !== 0) continue;
      await turn();
      signal?.throwIfAborted();
    }
  }
  for await (const pair of historyPairs(workspace, wanted, options)) mined.push(pair);
  signal?.throwIfAborted();
  return refinePairs(mined);
}
