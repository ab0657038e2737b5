import type { SymbolKind } from '../../shared/search.ts';

/** A stretch of one file that is embedded and found as a unit. */
export interface Chunk {
  readonly kind: SymbolKind;
  /** Last name, such as `listen`; for a section its heading; empty when there is none. */
  readonly name: string;
  /** Qualified name, such as `Server.listen` or `Install > Linux`; empty when there is none. */
  readonly symbol: string;
  /** The declaration up to its body on one line, without the doc comment; empty when there is none. */
  readonly signature: string;
  /** The doc comment or docstring as plain text, comment marks removed; empty when there is none. */
  readonly doc: string;
  /** 1-based, inclusive; the doc comment belongs to the chunk. */
  readonly startLine: number;
  readonly endLine: number;
  /** Half-open range in the file's UTF-16 text. */
  readonly startOffset: number;
  readonly endOffset: number;
  readonly text: string;
  /** True where the chunk defines `symbol`, false for a continuation piece of a split definition or a top-level block. */
  readonly definition: boolean;
}

export interface ChunkedFile {
  /** VS Code language id. */
  readonly language: string;
  /** Prose (Markdown, reStructuredText, plain text) or code. */
  readonly scope: 'code' | 'docs';
  readonly chunks: readonly Chunk[];
  /** Every name the file defines with its line, nested ones included: what exact symbol search looks in. */
  readonly symbols: readonly FileSymbol[];
  /** Why the file was cut by line windows instead of by syntax; absent when it was not. */
  readonly degraded?: 'timeout' | 'parser_failed' | 'too_deep';
}

export interface FileSymbol {
  readonly name: string;
  readonly kind: SymbolKind;
  readonly line: number;
}
