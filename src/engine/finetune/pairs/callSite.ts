import type { ChunkRow } from '../../store/searchIndex.ts';
import { commentText } from '../../chunk/commentText.ts';
import { calledNames } from './calledNames.ts';
import { pairFor, type MinedPair } from './minedPair.ts';
import type { PairWorkspace } from './pairWorkspace.ts';
import { identifierWords, plainText, shortened, withoutName, wordsOf } from './prose.ts';

const comment = /^\s*(?:\/\/|#(?!!)|--\s|;;)\s*\S/;
const mostPerCallee = 2;
const fewestWords = 4;

/** Comments with the line of code that they stand above. */
function* commentedLines(text: string): Generator<{ readonly comment: string; readonly code: string }> {
  const lines = text.split(/\r?\n/);
  for (let at = 0; at < lines.length; at++) {
    if (!comment.test(lines[at]!)) continue;
    const start = at;
    while (at + 1 < lines.length && comment.test(lines[at + 1]!)) at += 1;
    const code = lines[at + 1];
    if (code !== undefined && code.trim() !== '') yield { comment: lines.slice(start, at + 1).join('\n'), code };
  }
}

function calleeOf(code: string, caller: ChunkRow, workspace: PairWorkspace): ChunkRow | undefined {
  for (const name of calledNames(code)) {
    if (identifierWords(name).length < 2) continue;
    const [callee, ...others] = workspace.definitionsOf(name);
    if (callee !== undefined && others.length === 0 && callee.chunkId !== caller.chunkId) return callee;
  }
  return undefined;
}

/** The remark above a call asks for the code that is called. */
export function* callSitePairs(workspace: PairWorkspace): Generator<MinedPair> {
  const used = new Map<number, number>();
  for (const caller of [...workspace.answers, ...workspace.tests]) {
    for (const site of commentedLines(caller.text)) {
      const callee = calleeOf(site.code, caller, workspace);
      if (callee === undefined) continue;
      const query = shortened(withoutName(plainText(commentText(site.comment)), callee.name));
      const before = used.get(callee.chunkId) ?? 0;
      if (wordsOf(query).length < fewestWords || before >= mostPerCallee) continue;
      used.set(callee.chunkId, before + 1);
      yield pairFor(callee, 'call', query, { origin: { path: caller.path, startLine: caller.startLine } });
    }
  }
}
