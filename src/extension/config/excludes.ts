/** `files.exclude` and `search.exclude` as VS Code gives them: glob → on, off, or a condition on sibling files. */
export type ExcludeSetting = Readonly<Record<string, unknown>> | undefined;

/**
 * The globs that are switched on in any of the settings or listed in `own`, sorted and without repeats. Conditional
 * entries (`{ "when": … }`) are left out: they hide generated siblings from view and say nothing certain about a path.
 * A glob that `search.exclude` switches off explicitly stays off even when `files.exclude` has it, as in VS Code's search.
 */
export function mergeExcludes(
  filesExclude: ExcludeSetting,
  searchExclude: ExcludeSetting,
  own: readonly string[],
): string[] {
  const merged: Record<string, unknown> = { ...filesExclude, ...searchExclude };
  const globs = Object.keys(merged).filter((glob) => merged[glob] === true);
  return [...new Set([...globs, ...own.filter((glob) => glob.trim() !== '')])].sort();
}
