import type { SymbolKind } from '../../shared/search.ts';

/**
 * Chunk sizes, as weights of {@link LineTable.weight}: characters without indentation. Code comes to a little over three
 * of these a token, so that a whole function fits into 512 tokens with its header.
 */
export const limits = {
  /** Pieces of what is too large are cut to about this. */
  target: 1100,
  /** A function up to this stays whole. */
  wholeDefinition: 1700,
  /** A class up to this stays whole; a larger one becomes a header and its members. */
  wholeContainer: 900,
  /** A namespace or module up to this stays whole: what is in it matters more than the frame. */
  wholeModule: 350,
  /** A section of a document up to this stays whole with its subsections. */
  wholeSection: 500,
  /** Neighbours this small are put together … */
  small: 280,
  /** … a function only when it is smaller still, because it is what people look for … */
  smallFunction: 70,
  smallOneLiner: 150,
  /** … and a type unless it is hardly more than its name … */
  smallType: 70,
  /** … up to this … */
  merged: 900,
  /** … or this, for functions and types. */
  mergedNamed: 400,
  /** What is hardly more than a comment or one import goes with what follows it. */
  crumb: 90,
  /** Nothing is longer than this, not even one line. In characters. */
  longestLine: 2400,
} as const;

const containers: ReadonlySet<SymbolKind> = new Set([
  'class',
  'interface',
  'struct',
  'trait',
  'module',
  'enum',
  'type',
]);
const functions: ReadonlySet<SymbolKind> = new Set(['function', 'method', 'constructor', 'test']);

export function isContainer(kind: SymbolKind): boolean {
  return containers.has(kind);
}

export function isFunction(kind: SymbolKind): boolean {
  return functions.has(kind);
}

export function wholeLimit(kind: SymbolKind): number {
  if (kind === 'section') return limits.wholeSection;
  if (kind === 'module') return limits.wholeModule;
  return isContainer(kind) ? limits.wholeContainer : limits.wholeDefinition;
}
