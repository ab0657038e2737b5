import type { Chunk } from './chunk.ts';

const longestDoc = 600;

/**
 * What is embedded for a chunk: path, qualified name, signature and documentation as plain words, then the code with the
 * documentation comment and the common indentation taken off. Deterministic: the embedding cache is keyed by its hash.
 */
export function embeddingText(path: string, chunk: Chunk): string {
  const body = splitLeadingComment(chunk.text, chunk.doc !== '');
  const code = dedent(body.code);
  const header = [path];
  if (chunk.symbol !== '' && chunk.symbol !== path) header.push(chunk.symbol);
  if (chunk.signature !== '' && !startsWithSignature(code, chunk.signature)) header.push(chunk.signature);
  if (body.comment && chunk.doc !== '') header.push(chunk.doc.slice(0, longestDoc).toWellFormed());
  return `${header.join('\n')}\n${code}`;
}

const blockComments: readonly (readonly [string, string])[] = [
  ['/*', '*/'],
  ['{-', '-}'],
  ['(*', '*)'],
  ['<!--', '-->'],
  ['--[[', ']]'],
];
const lineComment = /^\s*(?:\/\/|#(?![[!])|--|;|%)/;

/** Takes the comment off that the documentation was made from: embedding it twice would crowd out the code. */
export function splitLeadingComment(text: string, documented: boolean): { comment: boolean; code: string } {
  if (!documented) return { comment: false, code: text };
  let rest = text;
  for (;;) {
    const trimmed = rest.trimStart();
    const block = blockComments.find(([open]) => trimmed.startsWith(open));
    if (block) {
      const close = trimmed.indexOf(block[1], block[0].length);
      if (close === -1) break;
      rest = trimmed.slice(close + block[1].length);
    } else if (lineComment.test(rest)) {
      const newline = rest.indexOf('\n');
      if (newline === -1) break;
      rest = rest.slice(newline + 1);
    } else break;
  }
  if (rest.trim() === '') return { comment: false, code: text };
  return { comment: rest !== text, code: rest.replace(/^(?:[ \t]*\r?\n)+/, '') };
}

function startsWithSignature(code: string, signature: string): boolean {
  const squeeze = (text: string): string => text.replace(/\s+/g, '');
  return squeeze(code.slice(0, signature.length * 3 + 200)).includes(squeeze(signature));
}

function dedent(text: string): string {
  const lines = text.split(/\r?\n/);
  let common: string | undefined;
  for (const line of lines) {
    // The brace that closes the class behind its last member says nothing about the member.
    if (/^[\s)\]};,]*$/.test(line)) continue;
    const indent = line.slice(0, line.length - line.trimStart().length);
    common = common === undefined ? indent : sharedPrefix(common, indent);
    if (common === '') break;
  }
  const cut = common?.length ?? 0;
  return lines.map((line) => line.slice(Math.min(cut, line.length - line.trimStart().length)).trimEnd()).join('\n');
}

function sharedPrefix(a: string, b: string): string {
  let length = 0;
  while (length < a.length && a[length] === b[length]) length++;
  return a.slice(0, length);
}
