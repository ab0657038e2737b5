import type { SymbolKind } from '../../shared/search.ts';

/** Codicon and the theme's colour variable of each kind; the pairs are those of VS Code's outline. */
const icons: Record<SymbolKind, readonly [icon: string, colour: string]> = {
  function: ['symbol-method', 'function'],
  method: ['symbol-method', 'method'],
  constructor: ['symbol-method', 'constructor'],
  class: ['symbol-class', 'class'],
  interface: ['symbol-interface', 'interface'],
  struct: ['symbol-structure', 'struct'],
  enum: ['symbol-enum', 'enumerator'],
  trait: ['symbol-interface', 'interface'],
  type: ['symbol-parameter', 'typeParameter'],
  module: ['symbol-module', 'module'],
  property: ['symbol-property', 'property'],
  variable: ['symbol-variable', 'variable'],
  constant: ['symbol-constant', 'constant'],
  macro: ['symbol-operator', 'operator'],
  test: ['beaker', 'event'],
  block: ['symbol-snippet', 'snippet'],
  section: ['list-selection', 'text'],
};

/** Class names that draw the icon of a symbol kind in its colour. */
export function symbolIcon(kind: SymbolKind): string {
  const [icon, colour] = icons[kind];
  return `codicon codicon-${icon} symbol-${colour}`;
}
