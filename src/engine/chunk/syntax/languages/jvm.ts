import {
  childOfType,
  each,
  fieldText,
  namedBy,
  type Described,
  type LanguageSyntax,
  type SyntaxNode,
} from '../languageSyntax.ts';

function describeJavaField(node: SyntaxNode): Described | undefined {
  const declarator = node.childForFieldName('declarator');
  const name = declarator && fieldText(declarator, 'name');
  if (!name) return undefined;
  return {
    name,
    kind: /\bstatic\b[^;={]*\bfinal\b|\bfinal\b[^;={]*\bstatic\b/.test(node.text.slice(0, 200))
      ? 'constant'
      : 'property',
  };
}

export const java: LanguageSyntax = {
  grammar: 'java',
  definitions: {
    ...each('class_declaration record_declaration', { kind: 'class' }),
    ...each('interface_declaration annotation_type_declaration', { kind: 'interface' }),
    enum_declaration: { kind: 'enum' },
    enum_constant: { kind: 'constant' },
    ...each('method_declaration annotation_type_element_declaration', { kind: 'method' }),
    ...each('constructor_declaration compact_constructor_declaration', { kind: 'constructor' }),
    field_declaration: { kind: 'property', describe: describeJavaField },
    constant_declaration: { kind: 'constant', describe: describeJavaField },
    module_declaration: { kind: 'module' },
  },
  comments: ['line_comment', 'block_comment'],
  localScopes: ['block', 'lambda_expression'],
};

function describeKotlinType(node: SyntaxNode): Described | undefined {
  const name = childOfType(node, 'type_identifier')?.text;
  if (name === undefined) return undefined;
  const keyword = /\b(interface|enum\s+class|class)\b/.exec(node.text.slice(0, 400))?.[1] ?? 'class';
  return { name, kind: keyword === 'interface' ? 'interface' : keyword === 'class' ? 'class' : 'enum' };
}

/** Extension functions belong to the type they extend. */
function describeKotlinFunction(node: SyntaxNode): Described | undefined {
  const name = childOfType(node, 'simple_identifier');
  if (!name) return undefined;
  const receiver = childOfType(node, 'user_type', 'nullable_type');
  const extended = receiver && receiver.startIndex < name.startIndex ? /^\w+/.exec(receiver.text)?.[0] : undefined;
  return { name: name.text, ...(extended === undefined ? {} : { owner: extended }) };
}

function describeKotlinProperty(node: SyntaxNode): Described | undefined {
  const declaration = childOfType(node, 'variable_declaration');
  const name = declaration && childOfType(declaration, 'simple_identifier')?.text;
  if (name === undefined) return undefined;
  return { name, kind: /\bconst\b/.test(node.text.slice(0, 60)) ? 'constant' : 'property' };
}

export const kotlin: LanguageSyntax = {
  grammar: 'kotlin',
  definitions: {
    class_declaration: { kind: 'class', describe: describeKotlinType },
    object_declaration: { kind: 'class', describe: namedBy('type_identifier') },
    companion_object: {
      kind: 'class',
      describe: (node) => ({ name: childOfType(node, 'type_identifier')?.text ?? 'Companion' }),
    },
    function_declaration: { kind: 'function', describe: describeKotlinFunction },
    secondary_constructor: { kind: 'constructor', describe: () => ({ name: 'constructor' }) },
    property_declaration: { kind: 'property', describe: describeKotlinProperty },
    type_alias: { kind: 'type', describe: namedBy('type_identifier') },
    enum_entry: { kind: 'constant', describe: namedBy('simple_identifier') },
  },
  comments: ['line_comment', 'multiline_comment'],
  bodies: ['class_body', 'enum_class_body', 'function_body'],
  trailing: ['getter', 'setter'],
};

export const scala: LanguageSyntax = {
  grammar: 'scala',
  definitions: {
    ...each('class_definition object_definition package_object given_definition', { kind: 'class' }),
    trait_definition: { kind: 'trait' },
    enum_definition: { kind: 'enum' },
    ...each('function_definition function_declaration', { kind: 'function' }),
    ...each('val_definition val_declaration', { kind: 'constant', name: 'pattern', body: 'value' }),
    ...each('var_definition var_declaration', { kind: 'variable', name: 'pattern', body: 'value' }),
    type_definition: { kind: 'type' },
    ...each('simple_enum_case full_enum_case', { kind: 'constant' }),
  },
  comments: ['comment', 'block_comment'],
  constructors: ['this'],
};
