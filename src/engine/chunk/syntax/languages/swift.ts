import { each, fieldText, type Described, type LanguageSyntax, type SyntaxNode } from '../languageSyntax.ts';

const kinds = { class: 'class', actor: 'class', extension: 'class', struct: 'struct', enum: 'enum' } as const;

/** Classes, structs, enums, actors and extensions are all `class_declaration`; their keyword tells them apart. */
function describeType(node: SyntaxNode): Described | undefined {
  const name = fieldText(node, 'name');
  const head = node.text.slice(0, 400);
  const keyword = /\b(class|struct|enum|actor|extension)\b(?!\s+(?:func|var|let)\b)/.exec(head)?.[1];
  if (name === undefined || keyword === undefined) return undefined;
  const kind = kinds[keyword as keyof typeof kinds];
  return keyword === 'extension' ? { name, kind, addition: true } : { name, kind };
}

function describeFunction(node: SyntaxNode): Described | undefined {
  const head = node.text.slice(0, 200).split('(', 1)[0]!;
  const isInit = /(?:^|\s)init\s*[?!]?\s*(?:<|$)/.test(head) && !/\bfunc\b/.test(head);
  if (isInit) return { name: 'init', kind: 'constructor' };
  const name = fieldText(node, 'name');
  return name === undefined ? undefined : { name };
}

export const swift: LanguageSyntax = {
  grammar: 'swift',
  definitions: {
    class_declaration: { kind: 'class', describe: describeType },
    protocol_declaration: { kind: 'interface' },
    ...each('function_declaration init_declaration', { kind: 'function', describe: describeFunction }),
    deinit_declaration: { kind: 'method', describe: () => ({ name: 'deinit' }) },
    subscript_declaration: { kind: 'method', describe: () => ({ name: 'subscript' }) },
    protocol_function_declaration: { kind: 'method' },
    ...each('property_declaration protocol_property_declaration', { kind: 'property', body: 'value' }),
    enum_entry: { kind: 'constant' },
    typealias_declaration: { kind: 'type' },
    macro_declaration: { kind: 'macro' },
  },
  comments: ['comment', 'multiline_comment'],
  localScopes: ['lambda_literal', 'statements_block'],
};
