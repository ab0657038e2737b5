import { each, fieldText, type Described, type LanguageSyntax, type SyntaxNode } from '../languageSyntax.ts';

/** An instance is about the type it is for. */
function describeInstance(node: SyntaxNode): Described | undefined {
  const name = fieldText(node, 'name');
  const type = /[A-Z]\w*/.exec(fieldText(node, 'patterns') ?? '')?.[0];
  return name === undefined ? undefined : { name: type ?? name };
}

export const haskell: LanguageSyntax = {
  grammar: 'haskell',
  definitions: {
    ...each('signature function bind', { kind: 'function', body: 'match' }),
    ...each('data_type newtype', { kind: 'type', body: 'constructors' }),
    ...each('type_synomym type_synonym type_family', { kind: 'type', body: 'type' }),
    class: { kind: 'trait', body: 'declarations' },
    instance: { kind: 'class', describe: describeInstance, body: 'declarations', addition: true },
    pattern_synonym: { kind: 'function' },
  },
  comments: ['comment', 'haddock'],
  attributes: ['pragma'],
  localScopes: ['let', 'local_binds'],
  joinEqualNames: true,
};

export const elm: LanguageSyntax = {
  grammar: 'elm',
  definitions: {
    type_annotation: { kind: 'function', body: 'typeless' },
    value_declaration: {
      kind: 'function',
      describe: (node) => {
        const left = node.childForFieldName('functionDeclarationLeft');
        const name = left?.firstNamedChild?.text;
        return name === undefined ? undefined : { name };
      },
    },
    type_alias_declaration: { kind: 'type', body: 'typeExpression' },
    type_declaration: { kind: 'type', body: 'unionVariant' },
    port_annotation: { kind: 'function', body: 'typeless' },
  },
  comments: ['line_comment', 'block_comment'],
  joinEqualNames: true,
};

/** A binding counts when it is a function or longer than a line: the rest are options. */
function describeBinding(node: SyntaxNode): Described | undefined {
  const name = fieldText(node, 'attrpath');
  const value = node.childForFieldName('expression');
  if (name === undefined || !value) return undefined;
  if (value.type === 'function_expression') return { name, kind: 'function', bodyStart: value.startIndex };
  return node.text.includes('\n') ? { name, kind: 'variable', bodyStart: value.startIndex } : undefined;
}

export const nix: LanguageSyntax = {
  grammar: 'nix',
  definitions: { binding: { kind: 'variable', describe: describeBinding } },
  comments: ['comment'],
};

export const agda: LanguageSyntax = {
  grammar: 'agda',
  definitions: {
    function: {
      kind: 'function',
      describe: (node) => {
        const name = /^\S+/.exec(node.text)?.[0];
        return name === undefined ? undefined : { name };
      },
    },
    ...each('data record', {
      kind: 'type',
      describe: (node) => {
        const name = /^(?:data|record)\s+(\S+)/.exec(node.text)?.[1];
        return name === undefined ? undefined : { name };
      },
    }),
  },
  comments: ['comment'],
  joinEqualNames: true,
};
