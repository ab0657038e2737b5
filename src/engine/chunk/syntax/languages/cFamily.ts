import { each, fieldText, type Described, type LanguageSyntax, type SyntaxNode } from '../languageSyntax.ts';

const nameTypes = new Set([
  'identifier',
  'field_identifier',
  'type_identifier',
  'qualified_identifier',
  'destructor_name',
  'operator_name',
  'operator_cast',
  'template_function',
]);

/** A declarator wraps its name in pointers, arrays and parameter lists; this looks through them. */
function declaredName(node: SyntaxNode): { name: SyntaxNode; isFunction: boolean } | undefined {
  let at = node.childForFieldName('declarator');
  let isFunction = false;
  for (let i = 0; at && i < 20; i++) {
    if (nameTypes.has(at.type)) return { name: at, isFunction };
    if (at.type === 'function_declarator') isFunction = true;
    at = at.childForFieldName('declarator') ?? at.lastNamedChild;
  }
  return undefined;
}

/**
 * `Server::Impl::listen` is `listen` of `Server.Impl`. Behind a macro the parser takes the return type for the front of the
 * name: what counts is the last word.
 */
function qualified(text: string): Described {
  const plain = withoutTemplateArguments(text).trim();
  const parts = (/\boperator\b/.test(plain) ? plain : plain.slice(plain.search(/\S+$/)))
    .split('::')
    .map((part) => part.trim());
  const name = parts.at(-1) ?? '';
  const owner = parts
    .slice(0, -1)
    .filter((part) => part !== '')
    .join('.');
  const kind = parts.length > 1 && parts.at(-2) === name ? ({ kind: 'constructor' } as const) : {};
  return { name, ...kind, ...(owner === '' ? {} : { owner }) };
}

function withoutTemplateArguments(text: string): string {
  if (/\boperator\b/.test(text)) return text;
  return text.replace(/<[^<>]*>/g, '').replace(/<[^]*>/g, '');
}

function describeFunction(node: SyntaxNode): Described | undefined {
  const declared = declaredName(node);
  if (!declared?.isFunction) return undefined;
  const described = qualified(declared.name.text);
  const typed = node.childForFieldName('type') !== null;
  const inClass = node.parent?.type === 'field_declaration_list';
  return inClass && !typed && /^\w/.test(described.name) ? { ...described, kind: 'constructor' } : described;
}

/** Prototypes, globals, `typedef`s of functions; a list of several keeps the first name. */
function describeDeclaration(node: SyntaxNode): Described | undefined {
  const declared = declaredName(node);
  if (!declared) return undefined;
  if (declared.isFunction) return { ...qualified(declared.name.text), kind: 'function' };
  const constant = /^(?:static\s+|inline\s+)*(?:const|constexpr)\b/.test(node.text.slice(0, 80));
  return { ...qualified(declared.name.text), kind: constant ? 'constant' : 'variable' };
}

function describeField(node: SyntaxNode): Described | undefined {
  const declared = declaredName(node);
  return declared && { name: declared.name.text, kind: declared.isFunction ? 'method' : 'property' };
}

/** `struct x;` and `struct x *f()` only mention the type. */
function describeType(node: SyntaxNode): Described | undefined {
  const body = node.childForFieldName('body');
  const name = fieldText(node, 'name');
  if (!body) return undefined;
  if (name !== undefined) return qualified(name);
  const typedef = node.parent?.type === 'type_definition' ? fieldText(node.parent, 'declarator') : undefined;
  return typedef === undefined ? undefined : { name: typedef };
}

const shared = {
  function_definition: { kind: 'function', describe: describeFunction },
  declaration: { kind: 'variable', describe: describeDeclaration },
  field_declaration: { kind: 'property', describe: describeField },
  ...each('struct_specifier union_specifier', { kind: 'struct', describe: describeType }),
  enum_specifier: { kind: 'enum', describe: describeType },
  enumerator: { kind: 'constant' },
  type_definition: {
    kind: 'type',
    describe: (node) => {
      if (node.childForFieldName('type')?.childForFieldName('body')) return undefined;
      const declared = declaredName(node);
      return declared && { name: declared.name.text };
    },
  },
  ...each('preproc_def preproc_function_def', { kind: 'macro', body: 'value' }),
} satisfies LanguageSyntax['definitions'];

export const c: LanguageSyntax = {
  grammar: 'c',
  definitions: shared,
  wrappers: ['type_definition'],
  comments: ['comment'],
  localScopes: ['compound_statement'],
};

export const cpp: LanguageSyntax = {
  grammar: 'cpp',
  definitions: {
    ...shared,
    class_specifier: { kind: 'class', describe: describeType },
    namespace_definition: { kind: 'module' },
    alias_declaration: { kind: 'type', body: 'type' },
    concept_definition: { kind: 'type' },
  },
  wrappers: ['template_declaration', 'type_definition', 'declaration', 'field_declaration'],
  comments: ['comment'],
  localScopes: ['compound_statement'],
};
