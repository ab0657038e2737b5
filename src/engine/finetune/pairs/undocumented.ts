import type { Chunk } from '../../chunk/chunk.ts';
import { commentText } from '../../chunk/commentText.ts';
import { splitLeadingComment } from '../../chunk/embeddingText.ts';

/** A string literal alone on its lines, as Python, Elixir and others document with; the marks of Elixir may lead it. */
const docstring =
  /^[ \t]*(?:@(?:module|type)?doc[ \t]+)?(?:~[sS])?[rRuUbB]{0,2}("""|'''|"|')[\s\S]*?\1[ \t]*(?:\r?\n|$)/gm;
/** So much of a line of the documentation tells it from other text. */
const tellingLength = 24;

/** The first lines of the documentation, as they stand in the source between comment marks. */
function telltales(doc: string): string[] {
  return doc
    .split('\n')
    .map((line) => line.trim().slice(0, 60))
    .filter((line) => line.length >= Math.min(tellingLength, doc.trim().length))
    .slice(0, 3);
}

function withoutDocstring(text: string, doc: string): string {
  const start = doc.trimStart().slice(0, tellingLength).split('\n')[0]!;
  return text.replaceAll(docstring, (literal) => (literal.includes(start) ? '' : literal));
}

/** Comment marks with nothing beside them. */
const bareMark = /^\s*(?:\/\*+|\*+\/?|\/\/+!?|#+|--+|"""|''')\s*$/;

/** Takes out the lines of the documentation wherever they stand: a package clause may come before the comment. */
function withoutLines(text: string, doc: string): string {
  const documented = new Set(doc.split('\n').map((line) => line.trim()));
  documented.delete('');
  return text
    .split('\n')
    .filter((line) => !documented.has(commentText(line).trim()) && !bareMark.test(line))
    .join('\n');
}

/**
 * The chunk as if nobody had documented it: no doc, and neither leading comment nor docstring in the text. Undefined where a
 * part of the documentation stays behind, or nothing but documentation was there.
 */
export function undocumented<T extends Pick<Chunk, 'text' | 'doc' | 'signature'>>(chunk: T): T | undefined {
  if (chunk.doc === '') return chunk;
  const left = telltales(chunk.doc);
  const isLeft = (text: string): boolean => left.some((line) => text.includes(line));
  const bare = withoutDocstring(splitLeadingComment(chunk.text, true).code, chunk.doc);
  const text = isLeft(bare) ? withoutLines(bare, chunk.doc) : bare;
  return text.trim() === '' || isLeft(text) ? undefined : { ...chunk, doc: '', text };
}
