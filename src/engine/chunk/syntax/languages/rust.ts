import { each, fieldText, type Described, type LanguageSyntax, type SyntaxNode } from '../languageSyntax.ts';

/** `impl<T> Trait for Type<T>` is about `Type`. */
function describeImpl(node: SyntaxNode): Described | undefined {
  const type = fieldText(node, 'type');
  const name = type && /^[&\s]*(?:dyn\s+|mut\s+)?(?:\w+::)*(\w+)/.exec(type)?.[1];
  return name ? { name } : undefined;
}

export const rust: LanguageSyntax = {
  grammar: 'rust',
  definitions: {
    ...each('function_item function_signature_item', { kind: 'function' }),
    struct_item: { kind: 'struct' },
    union_item: { kind: 'struct' },
    enum_item: { kind: 'enum' },
    trait_item: { kind: 'trait' },
    impl_item: { kind: 'class', describe: describeImpl, addition: true },
    mod_item: { kind: 'module' },
    ...each('type_item associated_type', { kind: 'type', body: 'type' }),
    const_item: { kind: 'constant' },
    static_item: { kind: 'variable' },
    macro_definition: { kind: 'macro' },
  },
  comments: ['line_comment', 'block_comment'],
  attributes: ['attribute_item'],
  localScopes: ['block'],
  constructors: ['new'],
};
