import { SextantError } from '../../../shared/errors.ts';
import type { Commit } from '../../git/commit.ts';
import { readCommits } from '../../git/readCommits.ts';
import type { ChunkRow } from '../../store/searchIndex.ts';
import { LineHistory } from './lineHistory.ts';
import type { PairWorkspace } from './pairWorkspace.ts';

/** A commit with the code of today that it wrote. */
export interface ChangedCode {
  readonly commit: Commit;
  /** The chunks that most of its lines are in, the most first. */
  readonly chunks: readonly ChunkRow[];
}

export interface ChangedCodeOptions {
  /** At most so many commits are read, the newest first. */
  readonly commits: number;
  readonly signal?: AbortSignal;
}

/** A commit over more files than this has no one place that its subject asks for. */
const mostFiles = 8;
const mostChunks = 3;
/** A commit that writes more lines than this into one file moved or imported it. */
const mostLines = 400;

function touchedChunks(commit: Commit, workspace: PairWorkspace, history: LineHistory): ChunkRow[] {
  const lines = new Map<ChunkRow, number>();
  for (const { path, hunks = [] } of commit.files) {
    const chunks = (workspace.byPath.get(path) ?? []).filter((chunk) => workspace.isAnswer(chunk));
    if (chunks.length === 0) continue;
    if (hunks.reduce((sum, { newLines }) => sum + newLines, 0) > mostLines) continue;
    for (const line of hunks.flatMap((hunk) => history.present(path, hunk))) {
      const chunk = chunks.find(({ startLine, endLine }) => line >= startLine && line <= endLine);
      if (chunk !== undefined) lines.set(chunk, (lines.get(chunk) ?? 0) + 1);
    }
  }
  const ordered = [...lines].sort((left, right) => right[1] - left[1]).map(([chunk]) => chunk);
  const defining = ordered.filter(({ kind }) => kind !== 'block');
  return (defining.length > 0 ? defining : ordered).slice(0, mostChunks);
}

/**
 * The newest commits of the workspace that wrote code which is still there. A folder without git, or without a commit, has none.
 * @throws the signal's reason when cancelled.
 */
export async function* changedCode(workspace: PairWorkspace, options: ChangedCodeOptions): AsyncGenerator<ChangedCode> {
  const { commits: limit, signal } = options;
  const history = new LineHistory();
  try {
    const commits = readCommits(workspace.folder, {
      files: 'hunks',
      merges: false,
      below: '.',
      limit,
      ...(signal === undefined ? {} : { signal }),
    });
    for await (const commit of commits) {
      const chunks = commit.files.length > mostFiles ? [] : touchedChunks(commit, workspace, history);
      if (chunks.length > 0) yield { commit, chunks };
      for (const { path, hunks = [] } of commit.files) history.add(path, hunks);
    }
  } catch (error) {
    if (!(error instanceof SextantError) || error.code !== 'git_failed') throw error;
  }
}
