import { each, fieldText, type Described, type LanguageSyntax, type SyntaxNode } from '../languageSyntax.ts';

const kinds = { class: 'class', actor: 'class', extension: 'class', struct: 'struct', enum: 'enum' } as const;

/** Classes, structs, enums, actors and extensions are all `class_declaration`; their keyword tells them apart. */
function describeType(extension: boolean): (node: SyntaxNode) => Described | undefined {
  return (node) => {
    const name = fieldText(node, 'name');
    const keyword = /\b(class|struct|enum|actor|extension)\b(?!\s+(?:func|var|let)\b)/.exec(
      node.text.slice(0, 400),
    )?.[1];
    if (name === undefined || keyword === undefined || (keyword === 'extension') !== extension) return undefined;
    return { name, kind: kinds[keyword as keyof typeof kinds] };
  };
}

function describeFunction(node: SyntaxNode): Described | undefined {
  const isInit =
    /^(?:@\w+\s+|\w+\s+)*?init\s*[?!(<]/.test(node.text.slice(0, 200)) &&
    !/\bfunc\b/.test(node.text.slice(0, 200).split('(')[0]!);
  if (isInit) return { name: 'init', kind: 'constructor' };
  const name = fieldText(node, 'name');
  return name === undefined ? undefined : { name };
}

export const swift: LanguageSyntax = {
  grammar: 'swift',
  definitions: {
    class_declaration: { kind: 'class', describe: (node) => describeType(false)(node) ?? describeType(true)(node) },
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
