import type { GrammarName } from '../../grammars.ts';
import { each, fieldText, type Described, type LanguageSyntax, type SyntaxNode } from '../languageSyntax.ts';

const functionTypes = ['arrow_function', 'function_expression', 'function', 'generator_function'];
const testCall = /^(?:describe|context|suite|it|test|specify|bench)(?:\.\w+)*$/;
/** Functions that take a component or callback and give back a better one under the name it is assigned to. */
const functionMaker =
  /^(?:React\.)?(?:memo|forwardRef|useCallback|observer|lazy|connect|defineComponent|asyncHandler|debounce|throttle|once)$/;

function isFunctionNode(node: SyntaxNode | null): node is SyntaxNode {
  return node !== null && functionTypes.includes(node.type);
}

/** What the right side of `=` or `:` makes of the name on its left; `undefined` for a plain value. */
function describeValue(name: string, value: SyntaxNode | null, owner?: string): Described | undefined {
  const qualified = owner === undefined ? {} : { owner };
  if (value?.type === 'class') return { name, kind: 'class', ...qualified, ...bodyOf(value) };
  const callee = value?.type === 'call_expression' ? fieldText(value, 'function') : undefined;
  const made = callee !== undefined && functionMaker.test(callee);
  const target = made ? (value?.childForFieldName('arguments')?.firstNamedChild ?? null) : value;
  return isFunctionNode(target) ? { name, kind: 'function', ...qualified, ...bodyOf(target) } : undefined;
}

function bodyOf(node: SyntaxNode): { bodyStart?: number } {
  const body = node.childForFieldName('body');
  return body ? { bodyStart: body.startIndex } : {};
}

function describeDeclarator(node: SyntaxNode): Described | undefined {
  const name = node.childForFieldName('name');
  if (name?.type !== 'identifier') return undefined;
  const described = describeValue(name.text, node.childForFieldName('value'));
  if (described) return described;
  return { name: name.text, kind: node.parent?.firstChild?.type === 'const' ? 'constant' : 'variable' };
}

/** `exports.x = function`, `Type.prototype.method = …`, `module.exports = class …`. */
function describeAssignment(node: SyntaxNode): Described | undefined {
  const left = node.childForFieldName('left');
  const right = node.childForFieldName('right');
  if (left?.type !== 'member_expression') {
    return left?.type === 'identifier' ? describeValue(left.text, right) : undefined;
  }
  const property = fieldText(left, 'property') ?? '';
  const object = fieldText(left, 'object') ?? '';
  if (property === 'exports') return describeValue((right && fieldText(right, 'name')) ?? 'exports', right);
  const owner = object.replace(/\.prototype$/, '');
  const plain =
    /^(?:module\.)?exports$|^this$|^window$|^global(?:This)?$|^self$/.test(owner) || !/^[\w$.]+$/.test(owner);
  return describeValue(property, right, plain ? undefined : owner);
}

function describeCall(node: SyntaxNode): Described | undefined {
  if (!testCall.test(fieldText(node, 'function') ?? '')) return undefined;
  const call = node.childForFieldName('arguments');
  const title = call?.firstNamedChild;
  if (!title || !['string', 'template_string'].includes(title.type)) return undefined;
  const body = call.lastNamedChild;
  return { name: title.text.slice(1, -1).slice(0, 120), ...(isFunctionNode(body) ? bodyOf(body) : {}) };
}

/** `export default () => …` has no name of its own. */
function describeDefault(node: SyntaxNode): Described | undefined {
  return node.parent?.type === 'export_statement' ? { name: 'default' } : undefined;
}

function unquoted(text: string | undefined): string {
  return (text ?? '').replace(/^(["'`])(.*)\1$/, '$2');
}

const javascriptDefinitions = {
  ...each('function_declaration generator_function_declaration', { kind: 'function' }),
  class_declaration: { kind: 'class' },
  method_definition: { kind: 'method' },
  field_definition: {
    kind: 'property',
    describe: (node) => {
      const name = fieldText(node, 'property') ?? '';
      return describeValue(name, node.childForFieldName('value')) ?? { name };
    },
  },
  variable_declarator: { kind: 'variable', describe: describeDeclarator },
  assignment_expression: { kind: 'function', describe: describeAssignment },
  pair: {
    kind: 'method',
    describe: (node) => describeValue(unquoted(fieldText(node, 'key')), node.childForFieldName('value')),
  },
  call_expression: { kind: 'test', describe: describeCall },
  ...each('arrow_function function_expression generator_function', { kind: 'function', describe: describeDefault }),
  class: { kind: 'class', describe: describeDefault },
} satisfies LanguageSyntax['definitions'];

const shared = {
  wrappers: [
    'export_statement',
    'lexical_declaration',
    'variable_declaration',
    'expression_statement',
    'ambient_declaration',
  ],
  comments: ['comment', 'html_comment'],
  constructors: ['constructor'],
  localScopes: ['statement_block', 'arrow_function'],
} as const;

export const javascript: LanguageSyntax = { grammar: 'javascript', definitions: javascriptDefinitions, ...shared };

function typescriptSyntax(grammar: GrammarName): LanguageSyntax {
  return {
    grammar,
    definitions: {
      ...javascriptDefinitions,
      abstract_class_declaration: { kind: 'class' },
      function_signature: { kind: 'function' },
      ...each('method_signature abstract_method_signature', { kind: 'method' }),
      public_field_definition: {
        kind: 'property',
        describe: (node) => {
          const name = fieldText(node, 'name') ?? '';
          return describeValue(name, node.childForFieldName('value')) ?? { name };
        },
      },
      interface_declaration: { kind: 'interface' },
      type_alias_declaration: { kind: 'type', body: 'value' },
      enum_declaration: { kind: 'enum' },
      ...each('internal_module module', { kind: 'module' }),
    },
    ...shared,
  };
}

export const typescript = typescriptSyntax('typescript');
export const tsx = typescriptSyntax('tsx');
