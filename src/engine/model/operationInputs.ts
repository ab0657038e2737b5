import type { Operation } from './network.ts';

/** Values an operation reads; those that executors and gradients add read one each. */
export function inputsOf(
  operation: Operation | { readonly kind: 'activate' | 'pooled' | 'select'; readonly input: string },
): string[] {
  switch (operation.kind) {
    case 'embed':
      return [];
    case 'linear':
      return operation.epilogue?.kind === 'residual' ? [operation.input, operation.epilogue.value] : [operation.input];
    case 'attention':
      return operation.query === undefined ? [operation.input] : [operation.input, operation.query];
    default:
      return [operation.input];
  }
}
