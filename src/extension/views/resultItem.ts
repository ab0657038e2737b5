import type { SearchResult, SymbolKind } from '../../shared/search.ts';

const kindIcons: Readonly<Record<SymbolKind, string>> = {
  function: 'symbol-function',
  method: 'symbol-method',
  constructor: 'symbol-constructor',
  class: 'symbol-class',
  interface: 'symbol-interface',
  struct: 'symbol-structure',
  enum: 'symbol-enum',
  trait: 'symbol-interface',
  type: 'symbol-type-parameter',
  module: 'symbol-module',
  property: 'symbol-property',
  variable: 'symbol-variable',
  constant: 'symbol-constant',
  macro: 'symbol-keyword',
  test: 'beaker',
  block: 'symbol-snippet',
  section: 'markdown',
};

export interface ResultItem {
  readonly label: string;
  readonly description: string;
  readonly detail: string;
}

const detailLength = 160;

/** How one result reads in a quick pick. */
export function resultItem(result: SearchResult, rootName?: string): ResultItem {
  const name = result.symbol || result.path.split('/').at(-1) || result.path;
  const place = `${result.path}:${result.startLine}`;
  return {
    label: `$(${kindIcons[result.kind]}) ${name}`,
    description: rootName === undefined ? place : `${rootName} › ${place}`,
    detail: result.signature || firstLine(result.text),
  };
}

function firstLine(text: string): string {
  const line = text.split('\n', 50).find((candidate) => /\w/.test(candidate)) ?? '';
  return line.trim().slice(0, detailLength);
}
