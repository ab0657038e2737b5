import { docstringText } from '../../commentText.ts';
import { fieldText, type Described, type LanguageSyntax, type SyntaxNode } from '../languageSyntax.ts';

function describeBlock(node: SyntaxNode): Described | undefined {
  const name = fieldText(node, 'name');
  if (name === undefined) return undefined;
  const first = node.childForFieldName('body')?.firstNamedChild;
  const literal = first?.type === 'expression_statement' ? first.firstNamedChild : first;
  return literal?.type === 'string' ? { name, doc: docstringText(literal.text) } : { name };
}

/** `NAME = …` and `name: type = …`; what is assigned to something else is no definition. */
function describeAssignment(node: SyntaxNode): Described | undefined {
  const left = node.childForFieldName('left');
  if (left?.type !== 'identifier' || node.parent?.parent?.type === 'assignment') return undefined;
  return { name: left.text, kind: /^[A-Z][A-Z0-9_]*$/.test(left.text) ? 'constant' : 'variable' };
}

export const python: LanguageSyntax = {
  grammar: 'python',
  definitions: {
    function_definition: { kind: 'function', describe: describeBlock },
    class_definition: { kind: 'class', describe: describeBlock },
    assignment: { kind: 'variable', describe: describeAssignment },
    type_alias_statement: { kind: 'type', name: 'left' },
  },
  wrappers: ['decorated_definition', 'expression_statement'],
  comments: ['comment'],
  constructors: ['__init__', '__new__'],
  localScopes: ['lambda', 'for_statement', 'while_statement'],
};
