import type { Hunk } from '../../git/commit.ts';

/** Where a line of an older version stands after one change; undefined when the change replaced it. */
function moved(line: number, hunks: readonly Hunk[]): number | undefined {
  let shift = 0;
  for (const { oldStart, oldLines, newLines } of hunks) {
    // A run without old lines was put in behind `oldStart`.
    const end = oldLines === 0 ? oldStart : oldStart + oldLines - 1;
    if (line > end) shift += newLines - oldLines;
    else if (line >= oldStart && oldLines > 0) return undefined;
  }
  return line + shift;
}

/**
 * Follows the lines of a commit to the present. Commits come newest first; of each file the changes seen so far are kept, so that
 * a line of an older commit can be led through all that happened to the file since.
 */
export class LineHistory {
  readonly #changes = new Map<string, (readonly Hunk[])[]>();

  /** The changes of the next older commit to a file. */
  add(path: string, hunks: readonly Hunk[]): void {
    const changes = this.#changes.get(path);
    if (changes === undefined) this.#changes.set(path, [hunks]);
    else changes.push(hunks);
  }

  /** The present line numbers of the lines that a run left behind, of those that have not been replaced since. */
  present(path: string, { newStart, newLines }: Hunk): number[] {
    const later = this.#changes.get(path) ?? [];
    const lines: number[] = [];
    // A run that only took lines away is told by the line before it.
    for (let line = newStart; line < newStart + Math.max(1, newLines); line++) {
      let at: number | undefined = line;
      for (let change = later.length - 1; change >= 0 && at !== undefined; change--) at = moved(at, later[change]!);
      if (at !== undefined) lines.push(at);
    }
    return lines;
  }
}
