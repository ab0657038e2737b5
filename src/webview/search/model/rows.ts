import type { DuplicateGroup, DuplicateMember, Location, SearchResult } from '../../../shared/search.ts';
import type { Page } from './state.ts';

/** The results of one file, in the order of the answer. */
export interface FileGroup {
  readonly key: string;
  readonly root: string;
  readonly path: string;
  /** Last part of the path. */
  readonly name: string;
  /** The rest of the path; empty for a file at the root. */
  readonly folder: string;
  readonly results: readonly SearchResult[];
}

/** One visible line of the tree, as the keyboard sees it. */
export interface Row {
  readonly key: string;
  readonly kind: 'file' | 'result' | 'group' | 'member';
  readonly level: 1 | 2;
  readonly parent: string | null;
  /** Whether it is open; null where there is nothing to open. */
  readonly open: boolean | null;
  /** Where Enter leads; a file row leads to its best result. */
  readonly location: Location;
}

export function fileKey(location: Pick<Location, 'root' | 'path'>): string {
  return `f:${location.root}\n${location.path}`;
}

export function resultKey(result: Location): string {
  return `r:${result.root}\n${result.path}\n${result.startLine}-${result.endLine}`;
}

export function groupKey(index: number): string {
  return `g:${index}`;
}

export function memberKey(index: number, member: DuplicateMember): string {
  return `m:${index}\n${member.root}\n${member.path}\n${member.startLine}-${member.endLine}`;
}

export function splitPath(path: string): { name: string; folder: string } {
  const slash = path.lastIndexOf('/');
  return { name: path.slice(slash + 1), folder: slash < 0 ? '' : path.slice(0, slash) };
}

/** Results by file; files stand where their best result stands. */
export function groupByFile(results: readonly SearchResult[]): FileGroup[] {
  const groups = new Map<string, SearchResult[]>();
  for (const result of results) {
    const key = fileKey(result);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [result]);
    else group.push(result);
  }
  return [...groups].map(([key, members]) => {
    const first = members[0]!;
    return { key, root: first.root, path: first.path, ...splitPath(first.path), results: members };
  });
}

/** Adds a further page of results and leaves out what is there already: the index may have changed in between. */
export function appendResults(before: readonly SearchResult[], added: readonly SearchResult[]): SearchResult[] {
  const known = new Set(before.map(resultKey));
  return [...before, ...added.filter((result) => !known.has(resultKey(result)))];
}

function listRows(results: readonly SearchResult[], collapsed: Set<string>, explained: Set<string>): Row[] {
  return groupByFile(results).flatMap((group): Row[] => {
    const open = !collapsed.has(group.key);
    const head: Row = { key: group.key, kind: 'file', level: 1, parent: null, open, location: group.results[0]! };
    if (!open) return [head];
    const children = group.results.map((result): Row => {
      const key = resultKey(result);
      return { key, kind: 'result', level: 2, parent: group.key, open: explained.has(key), location: result };
    });
    return [head, ...children];
  });
}

function duplicateRows(groups: readonly DuplicateGroup[], collapsed: Set<string>): Row[] {
  return groups.flatMap((group, index): Row[] => {
    const [first] = group.members;
    if (first === undefined) return [];
    const key = groupKey(index);
    const open = !collapsed.has(key);
    const head: Row = { key, kind: 'group', level: 1, parent: null, open, location: first };
    if (!open) return [head];
    const children = group.members.map((member): Row => {
      const child = memberKey(index, member);
      return { key: child, kind: 'member', level: 2, parent: key, open: null, location: member };
    });
    return [head, ...children];
  });
}

/** The visible rows of a page from top to bottom. */
export function visibleRows(page: Page): Row[] {
  const collapsed = new Set(page.view.collapsed);
  if (page.kind === 'duplicates') return duplicateRows(page.groups, collapsed);
  return listRows(page.answer?.results ?? [], collapsed, new Set(page.view.explained));
}

export type Movement = 'next' | 'previous' | 'first' | 'last';

/** The row a movement leads to; null where it leads out of the list at the top. */
export function moveFrom(rows: readonly Row[], active: string | null, movement: Movement): Row | null {
  const at = active === null ? -1 : rows.findIndex((row) => row.key === active);
  if (movement === 'first') return rows[0] ?? null;
  if (movement === 'last') return rows.at(-1) ?? null;
  if (movement === 'next') return rows[Math.min(at + 1, rows.length - 1)] ?? null;
  return at <= 0 ? null : (rows[at - 1] ?? null);
}

/** What Left and Right do in a tree: open, close, or move between parent and child. */
export type Sidestep = { readonly move: string } | { readonly key: string; readonly open: boolean } | null;

export function sidestep(rows: readonly Row[], active: string | null, direction: 'left' | 'right'): Sidestep {
  const at = rows.findIndex((row) => row.key === active);
  const row = rows[at];
  if (row === undefined) return null;
  if (direction === 'left') {
    if (row.open === true) return { key: row.key, open: false };
    return row.parent === null ? null : { move: row.parent };
  }
  if (row.open === false) return { key: row.key, open: true };
  const child = rows[at + 1];
  return child?.parent === row.key ? { move: child.key } : null;
}
