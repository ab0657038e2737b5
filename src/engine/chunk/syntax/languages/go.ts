import { fieldText, type Described, type LanguageSyntax, type SyntaxNode } from '../languageSyntax.ts';

/** `(s *Server) Listen` belongs to `Server`. */
function describeMethod(node: SyntaxNode): Described | undefined {
  const name = fieldText(node, 'name');
  const owner = /([A-Za-z_]\w*)\s*(?:\[[^\]]*\])?\s*\)$/.exec(fieldText(node, 'receiver') ?? '')?.[1];
  return name === undefined ? undefined : { name, ...(owner === undefined ? {} : { owner }) };
}

function describeType(node: SyntaxNode): Described | undefined {
  const name = fieldText(node, 'name');
  const type = node.childForFieldName('type');
  if (name === undefined) return undefined;
  const kind = type?.type === 'struct_type' ? 'struct' : type?.type === 'interface_type' ? 'interface' : 'type';
  const body = type && (type.type === 'struct_type' || type.type === 'interface_type') ? type.text.indexOf('{') : -1;
  return { name, kind, ...(type && body !== -1 ? { bodyStart: type.startIndex + body } : {}) };
}

export const go: LanguageSyntax = {
  grammar: 'go',
  definitions: {
    function_declaration: { kind: 'function' },
    method_declaration: { kind: 'method', describe: describeMethod },
    type_spec: { kind: 'type', describe: describeType },
    type_alias: { kind: 'type' },
    method_elem: { kind: 'method' },
    const_spec: { kind: 'constant' },
    var_spec: { kind: 'variable' },
  },
  wrappers: ['type_declaration', 'const_declaration', 'var_declaration'],
  comments: ['comment'],
  localScopes: ['block'],
};
