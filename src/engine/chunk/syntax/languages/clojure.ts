import type { SymbolKind } from '../../../../shared/search.ts';
import { docstringText } from '../../commentText.ts';
import type { Described, LanguageSyntax, SyntaxNode } from '../languageSyntax.ts';

const kinds: Readonly<Record<string, SymbolKind>> = {
  def: 'variable',
  defonce: 'variable',
  defn: 'function',
  'defn-': 'function',
  defmulti: 'function',
  defmethod: 'method',
  defmacro: 'macro',
  defprotocol: 'interface',
  definterface: 'interface',
  defrecord: 'struct',
  deftype: 'struct',
  deftest: 'test',
};

/** A list whose first symbol is one of Clojure's `def…` forms. */
function describeList(node: SyntaxNode): Described | undefined {
  const keyword = node.namedChild(0);
  if (keyword?.type !== 'sym_lit') return undefined;
  const kind = kinds[keyword.text.replace(/^(?:clojure\.core|s|schema)\//, '')];
  const target = kind && node.namedChild(1);
  if (!kind || target?.type !== 'sym_lit') return undefined;
  // Metadata such as ^:private is part of the symbol's node.
  const name = /\S+$/.exec(target.text)?.[0] ?? '';
  const third = node.namedChild(2);
  const value = kind === 'method' ? node.namedChild(3) : third?.type === 'str_lit' ? node.namedChild(3) : third;
  const doc = third?.type === 'str_lit' && node.namedChildCount > 3 ? docstringText(third.text) : undefined;
  return {
    name: kind === 'method' && third ? `${name} ${third.text}` : name,
    kind,
    signature: [keyword.text, name, ...(value?.type === 'vec_lit' ? [value.text] : [])].join(' ').replace(/\s+/g, ' '),
    ...(doc === undefined ? {} : { doc }),
  };
}

export const clojure: LanguageSyntax = {
  grammar: 'clojure',
  definitions: { list_lit: { kind: 'function', describe: describeList } },
  comments: ['comment', 'dis_expr'],
};
