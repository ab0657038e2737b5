import { each, fieldText, type Described, type LanguageSyntax, type SyntaxNode } from '../languageSyntax.ts';

function describeField(node: SyntaxNode): Described | undefined {
  const declaration = node.namedChildren.find((child) => child?.type === 'variable_declaration');
  const declarator = declaration?.namedChildren.find((child) => child?.type === 'variable_declarator');
  const name = declarator && (fieldText(declarator, 'name') ?? declarator.firstNamedChild?.text);
  if (!name) return undefined;
  return { name, kind: /\bconst\b|\bstatic\s+readonly\b/.test(node.text.slice(0, 120)) ? 'constant' : 'property' };
}

export const csharp: LanguageSyntax = {
  grammar: 'c-sharp',
  definitions: {
    ...each('class_declaration record_declaration', { kind: 'class' }),
    ...each('struct_declaration record_struct_declaration', { kind: 'struct' }),
    interface_declaration: { kind: 'interface' },
    enum_declaration: { kind: 'enum' },
    enum_member_declaration: { kind: 'constant' },
    ...each('namespace_declaration', { kind: 'module' }),
    ...each('method_declaration local_function_statement', { kind: 'method' }),
    operator_declaration: {
      kind: 'method',
      describe: (node) => ({ name: `operator ${fieldText(node, 'operator') ?? ''}`.trim() }),
    },
    indexer_declaration: { kind: 'property', describe: () => ({ name: 'this[]' }) },
    ...each('constructor_declaration destructor_declaration', { kind: 'constructor' }),
    ...each('property_declaration event_declaration', { kind: 'property', body: 'accessors' }),
    ...each('field_declaration event_field_declaration', { kind: 'property', describe: describeField }),
    delegate_declaration: { kind: 'type' },
  },
  comments: ['comment'],
};

const dotted = (node: SyntaxNode): Described | undefined => {
  const name = fieldText(node, 'name') ?? node.namedChildren.find((child) => child?.type.endsWith('name'))?.text;
  return name === undefined ? undefined : { name };
};

export const powershell: LanguageSyntax = {
  grammar: 'powershell',
  definitions: {
    function_statement: { kind: 'function', describe: dotted },
    class_statement: { kind: 'class', describe: (node) => named(node, 'simple_name') },
    enum_statement: { kind: 'enum', describe: (node) => named(node, 'simple_name') },
    class_method_definition: { kind: 'method', describe: (node) => named(node, 'simple_name') },
    class_property_definition: { kind: 'property', describe: (node) => named(node, 'variable') },
  },
  comments: ['comment'],
  bodies: ['script_block'],
};

function named(node: SyntaxNode, type: string): Described | undefined {
  const name = node.namedChildren.find((child) => child?.type === type)?.text.replace(/^\$/, '');
  return name === undefined ? undefined : { name };
}
