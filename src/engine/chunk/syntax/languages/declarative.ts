import type { SymbolKind } from '../../../../shared/search.ts';
import {
  childOfType,
  each,
  fieldText,
  type Described,
  type LanguageSyntax,
  type SyntaxNode,
} from '../languageSyntax.ts';

const hclKinds: Readonly<Record<string, SymbolKind>> = {
  variable: 'variable',
  output: 'variable',
  locals: 'variable',
  module: 'module',
  resource: 'struct',
  data: 'struct',
};

/** `resource "aws_instance" "web"` is `aws_instance.web`; blocks inside blocks are their settings. */
function describeHclBlock(node: SyntaxNode): Described | undefined {
  if (node.parent?.parent?.type !== 'config_file') return undefined;
  const labels = node.namedChildren.filter((child) => child?.type === 'string_lit' || child?.type === 'identifier');
  const [keyword = '', ...names] = labels.map((label) => label!.text.replace(/^"(.*)"$/, '$1'));
  return { name: names.length === 0 ? keyword : names.join('.'), kind: hclKinds[keyword] ?? 'block' };
}

export const hcl: LanguageSyntax = {
  grammar: 'hcl',
  definitions: { block: { kind: 'block', describe: describeHclBlock } },
  comments: ['comment'],
  bodies: ['block_start'],
};

function describeRule(node: SyntaxNode): Described | undefined {
  const name = childOfType(node, 'selectors')?.text.replace(/\s+/g, ' ').slice(0, 120);
  return name === undefined ? undefined : { name };
}

/** Everything of an at-rule in front of its braces. */
function describeAtRule(node: SyntaxNode): Described | undefined {
  const name = /^[^{;]*/.exec(node.text.slice(0, 200))?.[0].replace(/\s+/g, ' ').trim();
  return name === undefined || !node.text.includes('{') ? undefined : { name: name.slice(0, 120) };
}

const cssRules = {
  rule_set: { kind: 'block', describe: describeRule },
  ...each('media_statement supports_statement keyframes_statement at_rule', {
    kind: 'block',
    describe: describeAtRule,
  }),
} satisfies LanguageSyntax['definitions'];

export const css: LanguageSyntax = {
  grammar: 'css',
  definitions: cssRules,
  comments: ['comment', 'js_comment'],
  bodies: ['block', 'keyframe_block_list'],
};

export const scss: LanguageSyntax = {
  grammar: 'scss',
  definitions: {
    ...cssRules,
    ...each('mixin_statement function_statement', {
      kind: 'function',
      describe: (node) => {
        const name = fieldText(node, 'name') ?? /^@(?:mixin|function)\s+([\w-]+)/.exec(node.text)?.[1];
        return name === undefined ? undefined : { name };
      },
    }),
    declaration: {
      kind: 'variable',
      describe: (node) => {
        const name = /^\$([\w-]+)\s*:/.exec(node.text)?.[1];
        return name === undefined ? undefined : { name };
      },
    },
  },
  comments: ['comment', 'js_comment'],
  bodies: ['block', 'keyframe_block_list'],
};
