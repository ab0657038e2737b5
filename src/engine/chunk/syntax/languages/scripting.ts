import { each, fieldText, type Described, type LanguageSyntax, type SyntaxNode } from '../languageSyntax.ts';

function describeRubyConstant(node: SyntaxNode): Described | undefined {
  const left = node.childForFieldName('left');
  return left?.type === 'constant' ? { name: left.text } : undefined;
}

const rubyTests = /^(?:describe|context|it|specify|scenario|feature|test|should)$/;

/** RSpec and Minitest blocks with a title. */
function describeRubyCall(node: SyntaxNode): Described | undefined {
  if (!rubyTests.test(fieldText(node, 'method') ?? '') || !node.childForFieldName('block')) return undefined;
  const title = node.childForFieldName('arguments')?.firstNamedChild;
  if (!title) return undefined;
  const block = node.childForFieldName('block');
  return {
    name: title.text.replace(/^(["'])(.*)\1$/, '$2').slice(0, 120),
    ...(block ? { bodyStart: block.startIndex } : {}),
  };
}

export const ruby: LanguageSyntax = {
  grammar: 'ruby',
  definitions: {
    class: { kind: 'class' },
    module: { kind: 'module' },
    method: { kind: 'function' },
    singleton_method: { kind: 'function' },
    assignment: { kind: 'constant', describe: describeRubyConstant },
    call: { kind: 'test', describe: describeRubyCall },
  },
  comments: ['comment'],
  constructors: ['initialize'],
};

export const php: LanguageSyntax = {
  grammar: 'php',
  definitions: {
    class_declaration: { kind: 'class' },
    interface_declaration: { kind: 'interface' },
    trait_declaration: { kind: 'trait' },
    enum_declaration: { kind: 'enum' },
    enum_case: { kind: 'constant' },
    namespace_definition: {
      kind: 'module',
      describe: (node) => (node.childForFieldName('body') ? { name: fieldText(node, 'name') ?? '' } : undefined),
    },
    function_definition: { kind: 'function' },
    method_declaration: { kind: 'method' },
    property_declaration: {
      kind: 'property',
      describe: (node) => {
        const element = node.namedChildren.find((child) => child?.type === 'property_element');
        const name = element?.firstNamedChild?.text.replace(/^\$/, '');
        return name === undefined ? undefined : { name };
      },
    },
    const_declaration: {
      kind: 'constant',
      describe: (node) => {
        const element = node.namedChildren.find((child) => child?.type === 'const_element');
        const name = element?.firstNamedChild?.text;
        return name === undefined ? undefined : { name };
      },
    },
  },
  comments: ['comment'],
  attributes: ['attribute_list'],
  constructors: ['__construct'],
};

export const shell: LanguageSyntax = {
  grammar: 'bash',
  definitions: {
    function_definition: { kind: 'function' },
    variable_assignment: {
      kind: 'variable',
      describe: (node) => {
        const name = fieldText(node, 'name');
        return name === undefined || !/^[A-Z_][A-Z0-9_]*$/.test(name) ? undefined : { name };
      },
    },
  },
  wrappers: ['declaration_command'],
  comments: ['comment'],
};

function describeLuaAssignment(node: SyntaxNode): Described | undefined {
  const names = node.namedChildren.find((child) => child?.type === 'variable_list');
  const values = node.namedChildren.find((child) => child?.type === 'expression_list');
  const value = values?.firstNamedChild;
  const name = names?.firstNamedChild;
  if (!name) return undefined;
  if (value?.type !== 'function_definition') {
    return name.type === 'identifier' && node.parent?.type !== 'chunk' ? luaName(name.text, 'variable') : undefined;
  }
  const body = value.childForFieldName('body');
  return { ...luaName(name.text, 'function'), ...(body ? { bodyStart: body.startIndex } : {}) };
}

/** `M.sub.name` and `M:name`. */
function luaName(text: string, kind: 'function' | 'variable'): Described {
  const parts = text.split(/[.:]/);
  const owner = parts.slice(0, -1).join('.');
  return { name: parts.at(-1) ?? '', kind, ...(owner === '' ? {} : { owner }) };
}

export const lua: LanguageSyntax = {
  grammar: 'lua',
  definitions: {
    function_declaration: {
      kind: 'function',
      describe: (node) => {
        const name = fieldText(node, 'name');
        return name === undefined ? undefined : luaName(name, 'function');
      },
    },
    assignment_statement: { kind: 'function', describe: describeLuaAssignment },
    field: {
      kind: 'function',
      describe: (node) => {
        const value = node.childForFieldName('value');
        const name = fieldText(node, 'name');
        return value?.type === 'function_definition' && name !== undefined ? { name } : undefined;
      },
    },
  },
  wrappers: ['variable_declaration'],
  comments: ['comment'],
};

export const perl: LanguageSyntax = {
  grammar: 'perl',
  definitions: {
    ...each('function_definition', { kind: 'function' }),
    package_statement: { kind: 'module', describe: () => undefined },
  },
  comments: ['comments', 'pod_statement'],
};

export const r: LanguageSyntax = {
  grammar: 'r',
  definitions: {
    binary_operator: {
      kind: 'function',
      describe: (node) => {
        const left = node.childForFieldName('lhs');
        const right = node.childForFieldName('rhs');
        if (left?.type !== 'identifier' || right?.type !== 'function_definition') return undefined;
        const body = right.childForFieldName('body');
        return { name: left.text.replace(/^`(.*)`$/, '$1'), ...(body ? { bodyStart: body.startIndex } : {}) };
      },
    },
  },
  comments: ['comment'],
};
