import type { SymbolKind } from '../../shared/search.ts';
import type { FileSymbol } from './chunk.ts';

/** A definition found in a file. Lines are 0-based, ranges half-open. */
export interface Definition {
  readonly kind: SymbolKind;
  readonly name: string;
  /** Qualified by the definitions around it. */
  readonly symbol: string;
  readonly signature: string;
  readonly doc: string;
  /** Adds to something that is defined elsewhere: Rust's `impl`, Swift's `extension`. */
  readonly addition?: true;
  /** With the comments and attributes in front of it. */
  startLine: number;
  endLine: number;
  readonly children: Definition[];
}

/** What a file consists of, whatever its language: the input of the partition into chunks. */
export interface Outline {
  readonly definitions: readonly Definition[];
  readonly symbols: readonly FileSymbol[];
  /** For each line how good a place in front of it is for a cut: 0 is best, {@link noBorder} is a bad one. */
  readonly borders: Uint16Array;
}

export const noBorder = 0xffff;

/**
 * Makes the definitions a tree of line ranges: siblings in order and apart, children inside their parent and below its
 * first line. What shares its line with something before it is dropped here; its name stays in `symbols`.
 */
export function normalizeDefinitions(definitions: readonly Definition[], from: number, to: number): Definition[] {
  const sorted = definitions.toSorted((a, b) => a.startLine - b.startLine || b.endLine - a.endLine);
  const kept: Definition[] = [];
  for (const definition of sorted) {
    const previous = kept.at(-1);
    definition.startLine = Math.max(definition.startLine, from);
    definition.endLine = Math.min(definition.endLine, to);
    if (previous && definition.startLine < previous.endLine) {
      // `}, next() {`: the line goes to the one that starts there.
      const sharesLastLine = definition.startLine === previous.endLine - 1 && definition.startLine > previous.startLine;
      if (!sharesLastLine || previous.children.some((child) => child.endLine === previous.endLine)) {
        definition.startLine = previous.endLine;
      } else previous.endLine = definition.startLine;
    }
    if (definition.endLine > definition.startLine) kept.push(definition);
  }
  return kept;
}
