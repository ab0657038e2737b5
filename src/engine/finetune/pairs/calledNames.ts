const call = /(?<![\p{L}\p{N}_$])([\p{L}_$][\p{L}\p{N}_$]*[!?]?)(?:<[^<>()\n]*>)?\(/gu;

/** Names that the code calls or constructs, each once, in the order of their first call. Lexical: works in any C-like or scripting language. */
export function calledNames(code: string): string[] {
  return [...new Set([...code.matchAll(call)].map(([, name]) => name!))];
}
