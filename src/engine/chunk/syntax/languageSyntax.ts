import type { Node } from '@vscode/tree-sitter-wasm';
import type { SymbolKind } from '../../../shared/search.ts';
import type { GrammarName } from '../grammars.ts';

export type SyntaxNode = Node;

/** What a node turned out to define. Absent fields follow from the rule. */
export interface Described {
  readonly name: string;
  readonly kind?: SymbolKind;
  /** Qualifies the name where the definition does not stand inside its owner: Go receivers, `Foo::bar`. */
  readonly owner?: string;
  /** Where the text up to the body does not read as one. */
  readonly signature?: string;
  /** Offset at which the signature ends. */
  readonly bodyStart?: number;
  /** Documentation that is not a comment in front, such as a docstring. */
  readonly doc?: string;
  /** As in the rule, where only the node tells. */
  readonly addition?: true;
}

/** How one type of node defines something. */
export interface DefinitionRule {
  /** Values (`variable`, `constant`, `property`) count only outside of functions: locals are no definitions. */
  readonly kind: SymbolKind;
  /** Field that holds the name, `name` by default. */
  readonly name?: string;
  /** Field that holds the body, `body` by default. */
  readonly body?: string;
  /** Where fields are not enough; `undefined` says that this node defines nothing. */
  readonly describe?: (node: SyntaxNode) => Described | undefined;
  /** Qualifies names and holds members, but the thing itself is defined elsewhere: `impl`, `extension`. */
  readonly addition?: true;
}

/** All that is known about a language: data, read by `readOutline`. */
export interface LanguageSyntax {
  readonly grammar: GrammarName;
  /** By node type. */
  readonly definitions: Readonly<Record<string, DefinitionRule>>;
  /** Nodes around a definition that belong to it: `export`, decorators, `template<…>`. */
  readonly wrappers?: readonly string[];
  readonly comments: readonly string[];
  /** Siblings in front of a definition that belong to it, such as Rust's `#[…]`. */
  readonly attributes?: readonly string[];
  /** Turns an attribute into documentation: Elixir's `@doc`. */
  readonly attributeDoc?: (node: SyntaxNode) => string | undefined;
  /** Types of body nodes in grammars that have no `body` field. */
  readonly bodies?: readonly string[];
  /** Siblings behind a definition that belong to it, such as a body that is no child in Dart's grammar. */
  readonly trailing?: readonly string[];
  /** Blocks and anonymous functions: values declared inside are local, hence no definitions. */
  readonly localScopes?: readonly string[];
  /** Names that make a method a constructor. */
  readonly constructors?: readonly string[];
  /** Neighbouring definitions of one name are one definition: the equations of a function. */
  readonly joinEqualNames?: boolean;
}

/** Rules that differ in nothing but the node type. */
export function each(types: string, rule: DefinitionRule): Record<string, DefinitionRule> {
  return Object.fromEntries(types.split(' ').map((type) => [type, rule]));
}

/** Text of a field's node. */
export function fieldText(node: SyntaxNode, field: string): string | undefined {
  return node.childForFieldName(field)?.text;
}

/** The first child of one of the types. */
export function childOfType(node: SyntaxNode, ...types: string[]): SyntaxNode | undefined {
  for (let i = 0; i < Math.min(node.namedChildCount, 200); i++) {
    const child = node.namedChild(i);
    if (child && types.includes(child.type)) return child;
  }
  return undefined;
}

/** The first child of one of the types as a name. */
export function namedBy(...types: string[]): (node: SyntaxNode) => Described | undefined {
  return (node) => {
    const name = childOfType(node, ...types)?.text;
    return name === undefined ? undefined : { name };
  };
}
