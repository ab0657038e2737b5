import {
  childOfType,
  each,
  fieldText,
  namedBy,
  type Described,
  type LanguageSyntax,
  type SyntaxNode,
} from '../languageSyntax.ts';

const zigTypes = {
  struct_declaration: 'struct',
  union_declaration: 'struct',
  opaque_declaration: 'struct',
  enum_declaration: 'enum',
  error_set_declaration: 'enum',
} as const;

/** `const Stack = struct { … }` is how Zig declares types. */
function describeZigVariable(node: SyntaxNode): Described | undefined {
  const name = childOfType(node, 'identifier')?.text;
  if (name === undefined) return undefined;
  const type = childOfType(node, ...Object.keys(zigTypes));
  if (type) return { name, kind: zigTypes[type.type as keyof typeof zigTypes], bodyStart: type.startIndex };
  return { name, kind: /\bvar\b/.test(node.text.slice(0, 40)) ? 'variable' : 'constant' };
}

export const zig: LanguageSyntax = {
  grammar: 'zig',
  definitions: {
    variable_declaration: { kind: 'constant', describe: describeZigVariable },
    function_declaration: { kind: 'function' },
    container_field: { kind: 'property' },
    test_declaration: {
      kind: 'test',
      describe: (node) => {
        const title = childOfType(node, 'string', 'identifier')?.text.replace(/^"(.*)"$/, '$1');
        const body = childOfType(node, 'block');
        return { name: title ?? 'test', ...(body ? { bodyStart: body.startIndex } : {}) };
      },
    },
  },
  comments: ['comment'],
  localScopes: ['block'],
};

function describeDartMember(node: SyntaxNode): Described | undefined {
  const signature = node.firstNamedChild;
  if (!signature) return undefined;
  const name = fieldText(signature, 'name') ?? childOfType(signature, 'identifier')?.text;
  if (name === undefined) return undefined;
  if (signature.type !== 'constructor_signature' && signature.type !== 'factory_constructor_signature') return { name };
  return { name: /[\w.]+(?=\s*\()/.exec(signature.text)?.[0] ?? name, kind: 'constructor' };
}

function describeDartDeclaration(node: SyntaxNode): Described | undefined {
  const signature = childOfType(
    node,
    'constructor_signature',
    'constant_constructor_signature',
    'redirecting_factory_constructor_signature',
  );
  if (signature) {
    const name = /[\w.]+(?=\s*\()/.exec(signature.text)?.[0];
    return name === undefined ? undefined : { name, kind: 'constructor' };
  }
  const method = childOfType(node, 'function_signature', 'getter_signature', 'setter_signature', 'operator_signature');
  if (method) return { name: fieldText(method, 'name') ?? 'operator', kind: 'method' };
  const list = childOfType(node, 'initialized_identifier_list', 'static_final_declaration_list', 'identifier_list');
  const name = list && /^\w+/.exec(list.text)?.[0];
  return name === undefined ? undefined : { name };
}

export const dart: LanguageSyntax = {
  grammar: 'dart',
  definitions: {
    class_definition: { kind: 'class' },
    mixin_declaration: { kind: 'trait', describe: namedBy('identifier') },
    extension_declaration: { kind: 'class' },
    extension_type_declaration: { kind: 'class' },
    enum_declaration: { kind: 'enum' },
    enum_constant: { kind: 'constant' },
    type_alias: { kind: 'type', describe: namedBy('type_identifier') },
    method_signature: { kind: 'method', describe: describeDartMember },
    declaration: { kind: 'property', describe: describeDartDeclaration },
    ...each('function_signature getter_signature setter_signature', {
      kind: 'function',
      // Inside a class the signature is a part of a method_signature or declaration.
      describe: (node) => {
        const name = fieldText(node, 'name');
        const alone = node.parent?.type === 'program' || node.parent?.type === 'local_function_declaration';
        return alone && name !== undefined ? { name } : undefined;
      },
    }),
    static_final_declaration: {
      kind: 'constant',
      describe: (node) => (node.parent?.parent?.type === 'program' ? namedBy('identifier')(node) : undefined),
    },
  },
  comments: ['comment', 'documentation_comment'],
  attributes: ['annotation', 'marker_annotation'],
  trailing: ['function_body'],
  localScopes: ['block'],
};

export const gdscript: LanguageSyntax = {
  grammar: 'gdscript',
  definitions: {
    function_definition: { kind: 'function' },
    constructor_definition: { kind: 'constructor', describe: () => ({ name: '_init' }) },
    class_definition: { kind: 'class' },
    const_statement: { kind: 'constant', body: 'value' },
    variable_statement: { kind: 'variable', body: 'value' },
    signal_statement: { kind: 'property', describe: namedBy('name') },
    enum_definition: { kind: 'enum' },
  },
  comments: ['comment'],
};
