const longest = 2000;
const attributes = /^(?:@[\w.:]+(?:\((?:[^()]|\([^()]*\))*\))?\s*|\[[^\][]*\]\s+|#\[[^\][]*\]\s*)+(?=\S)/;

/** The declaration on one line: up to its body, or its first lines where it has none; attributes left out. */
export function signatureOf(text: string, start: number, bodyStart: number | undefined, end: number): string {
  const to = Math.min(bodyStart ?? end, start + longest);
  let declaration = text.slice(start, Math.max(to, start));
  if (bodyStart === undefined) declaration = firstStatement(declaration);
  return declaration
    .replace(attributes, '')
    .replace(/\s+/g, ' ')
    .replace(/\s*(?:[=:]*\s*[[({]+|=>?|:=|\bdo|\bwhere|\bis|\bbegin|[:;,])?\s*$/, '')
    .trim();
}

/** A declaration without a body ends with its line, or with its brackets where they are still open there. */
function firstStatement(declaration: string): string {
  let depth = 0;
  let assigned = false;
  for (let i = 0; i < declaration.length; i++) {
    const char = declaration[i]!;
    if (char === '\n' && (assigned || depth <= 0)) return declaration.slice(0, i);
    if (assigned) continue;
    if (char === '(' || char === '[') depth++;
    else if (char === ')' || char === ']') depth--;
    else if (depth > 0) continue;
    else if (char === '{') return declaration.slice(0, i);
    else if (char === '=') assigned = declaration[i + 1] !== '>';
  }
  return declaration;
}
