import type { SymbolKind } from '../../../../shared/search.ts';
import { docstringText } from '../../commentText.ts';
import { childOfType, fieldText, type Described, type LanguageSyntax, type SyntaxNode } from '../languageSyntax.ts';

const elixirKinds: Readonly<Record<string, SymbolKind>> = {
  def: 'function',
  defp: 'function',
  defguard: 'function',
  defguardp: 'function',
  defdelegate: 'function',
  defn: 'function',
  defmacro: 'macro',
  defmacrop: 'macro',
  defmodule: 'module',
  defprotocol: 'interface',
  defimpl: 'module',
  describe: 'test',
  test: 'test',
};

/** Everything in Elixir is a call; the called name says which ones define something. */
function describeCall(node: SyntaxNode): Described | undefined {
  const keyword = fieldText(node, 'target') ?? '';
  const kind = Object.hasOwn(elixirKinds, keyword) ? elixirKinds[keyword] : undefined;
  if (kind === undefined) return undefined;
  const args = childOfType(node, 'arguments');
  const block = childOfType(node, 'do_block');
  const head = args?.firstNamedChild;
  if (!head) return undefined;
  const name = kind === 'test' ? head.text.replace(/^"(.*)"$/s, '$1').slice(0, 120) : elixirName(head);
  const inline = childOfType(args, 'keywords');
  const bodyStart = block?.startIndex ?? (kind === 'module' ? undefined : inline?.startIndex);
  const doc = block && (kind === 'module' || kind === 'interface') ? moduleDoc(block) : undefined;
  return { name, kind, ...(bodyStart === undefined ? {} : { bodyStart }), ...(doc === undefined ? {} : { doc }) };
}

/** The name in `add(cart, item) when is_map(item)`, `add`, `a <> b` or `Shop.Cart`. */
function elixirName(head: SyntaxNode): string {
  let at: SyntaxNode | null = head;
  for (let i = 0; at && i < 4; i++) {
    if (at.type === 'call') return fieldText(at, 'target') ?? '';
    if (at.type !== 'binary_operator') return at.text;
    if (fieldText(at, 'operator') !== 'when') break;
    at = at.childForFieldName('left');
  }
  return at?.type === 'binary_operator' ? (fieldText(at, 'operator') ?? '') : '';
}

function moduleDoc(block: SyntaxNode): string | undefined {
  for (let i = 0; i < Math.min(block.namedChildCount, 5); i++) {
    const child = block.namedChild(i);
    const doc = child?.type === 'unary_operator' ? attributeText(child, 'moduledoc') : undefined;
    if (doc !== undefined) return doc;
  }
  return undefined;
}

function attributeText(node: SyntaxNode, name: string): string | undefined {
  const call = node.childForFieldName('operand');
  if (!call || fieldText(call, 'target') !== name) return undefined;
  const text = childOfType(call, 'arguments')?.firstNamedChild;
  return text?.type === 'string' || text?.type === 'sigil' ? docstringText(text.text) : undefined;
}

export const elixir: LanguageSyntax = {
  grammar: 'elixir',
  definitions: { call: { kind: 'function', describe: describeCall } },
  comments: ['comment'],
  attributes: ['unary_operator'],
  attributeDoc: (node) => attributeText(node, 'doc'),
  joinEqualNames: true,
};

export const gleam: LanguageSyntax = {
  grammar: 'gleam',
  definitions: {
    function: { kind: 'function' },
    external_function: { kind: 'function' },
    type_definition: { kind: 'type', describe: describeGleamType },
    type_alias: { kind: 'type', describe: describeGleamType },
    constant: { kind: 'constant', body: 'value' },
  },
  comments: ['comment', 'statement_comment', 'module_comment'],
  attributes: ['attribute'],
};

function describeGleamType(node: SyntaxNode): Described | undefined {
  const name = childOfType(node, 'type_name')?.childForFieldName('name')?.text;
  return name === undefined ? undefined : { name };
}
