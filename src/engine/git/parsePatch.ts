import type { Hunk } from './commit.ts';

const hunkHead = /^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@ ?(.*)$/;
const escapes: Readonly<Record<string, string>> = { t: '\t', n: '\n', r: '\r', a: '\x07', b: '\b', f: '\f', v: '\v' };

/** git quotes names that hold control characters, quotes or backslashes, as C does. */
function unquoted(name: string): string {
  if (!name.startsWith('"') || !name.endsWith('"')) return name.replace(/\t$/, '');
  const bytes = name
    .slice(1, -1)
    .replace(/\\(?:([0-7]{3})|(.))/g, (_, octal: string | undefined, letter: string) =>
      octal === undefined ? (escapes[letter] ?? letter) : String.fromCharCode(Number.parseInt(octal, 8)),
    );
  return bytes;
}

/** `--- a/src/x.ts` or `+++ b/src/x.ts`; undefined for `/dev/null`. */
function pathOf(line: string): string | undefined {
  const name = unquoted(line.slice(4));
  return name === '/dev/null' ? undefined : name.slice(2);
}

/**
 * The hunks of a patch without context lines (`-U0`), by path after the change (before it, for a deleted file). Every line of
 * content starts with `+`, `-` or a backslash, so a head is told by its first characters, except `---` and `+++`, which only count
 * before the first hunk of a file.
 */
export function hunksByPath(patch: string): Map<string, Hunk[]> {
  const found = new Map<string, Hunk[]>();
  let path: string | undefined;
  let inHead = false;
  let hunks: Hunk[] = [];
  for (const line of patch.split('\n')) {
    if (line.startsWith('diff --git ')) {
      inHead = true;
      path = undefined;
    } else if (inHead && (line.startsWith('--- ') || line.startsWith('+++ '))) path = pathOf(line) ?? path;
    else if (line.startsWith('@@ ')) {
      const head = hunkHead.exec(line);
      if (head === null || path === undefined) continue;
      if (inHead) hunks = hunksOf(found, path);
      inHead = false;
      hunks.push({
        oldStart: Number(head[1]),
        oldLines: Number(head[2] ?? 1),
        newStart: Number(head[3]),
        newLines: Number(head[4] ?? 1),
        context: head[5]!.trim(),
      });
    }
  }
  return found;
}

function hunksOf(found: Map<string, Hunk[]>, path: string): Hunk[] {
  const known = found.get(path);
  if (known !== undefined) return known;
  const hunks: Hunk[] = [];
  found.set(path, hunks);
  return hunks;
}
