import type { ChunkRow } from '../../store/searchIndex.ts';
import { calledNames } from './calledNames.ts';
import { pairFor, type MinedPair } from './minedPair.ts';
import type { PairWorkspace } from './pairWorkspace.ts';
import { identifierWords, shortened, wordsOf } from './prose.ts';

/** `describe`, `it` and their like, in JavaScript, Ruby, Lua, Kotlin, Swift and others. */
const titled =
  /(?:^|[\s.])(?:it|test|describe|context|specify|scenario|should|suite|@Test|TEST(?:_F|_P)?)\b[\s(]*(?:name\s*[:=]\s*)?(["'`])((?:(?!\1).){8,160})\1/;
const testWord = /^(?:tests?|should|it|spec|check)$/;

/** The title of a test, or its name in words; empty when it says nothing. */
function titleOf({ name, text }: ChunkRow): string {
  const title = titled.exec(text)?.[2];
  if (title !== undefined) return shortened(title.replaceAll(/\s+/g, ' ').trim());
  // The heading of a test block may be a sentence already.
  if (/\s/.test(name)) return shortened(name);
  return identifierWords(name)
    .filter((word) => !testWord.test(word))
    .join(' ');
}

/** The definition that this test calls and few others do; its name counts where the title holds words of it. */
function subjectOf(test: ChunkRow, title: string, workspace: PairWorkspace, callers: Map<string, number>) {
  const words = new Set(wordsOf(title.toLowerCase()).flatMap((word) => identifierWords(word)));
  let best: { readonly chunk: ChunkRow; readonly score: number } | undefined;
  for (const name of calledNames(test.text)) {
    const [chunk, ...others] = workspace.definitionsOf(name);
    if (chunk === undefined || others.length > 0) continue;
    const parts = identifierWords(name);
    const shared = parts.filter((part) => words.has(part)).length / Math.max(1, parts.length);
    const score = shared + 1 / Math.sqrt(callers.get(name) ?? 1);
    if (best === undefined || score > best.score) best = { chunk, score };
  }
  return best !== undefined && best.score >= 0.5 ? best.chunk : undefined;
}

/** What a test is called asks for the code that it tests. */
export function* testNamePairs(workspace: PairWorkspace): Generator<MinedPair> {
  const callers = new Map<string, number>();
  for (const { text } of workspace.tests) {
    for (const name of calledNames(text)) callers.set(name, (callers.get(name) ?? 0) + 1);
  }
  for (const test of workspace.tests) {
    const title = titleOf(test);
    if (wordsOf(title).length < 3) continue;
    const subject = subjectOf(test, title, workspace, callers);
    if (subject === undefined) continue;
    yield pairFor(subject, 'test', title, { origin: { path: test.path, startLine: test.startLine } });
  }
}
