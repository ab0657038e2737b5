/** Marks at the beginning of a comment's line, in any language. */
const lineMark =
  /^[ \t]*(?:\/\/[/!]?|\/\*[*!]*|\*+(?!\/)|#+[|:!']?|--+(?:[ \t]*[|^](?=[ \t]))?|;+|%+|<!--+|\(\*+|\{-+(?:[ \t]*[|^](?=[ \t]))?|'{3}|"{3}|=begin\b|REM\b)[ \t]?/i;
const endMark = /[ \t]*(?:\*+\/|--+>|\*+\)|-\}|=end|"{3}|'{3}|\|#)[ \t]*$/;
/** No prose is on longer lines, and patterns take their time over long rules of stars. */
const longestLine = 2000;
const notes =
  /\b(?:copyright|licen[sc]ed?|SPDX-License|eslint|prettier-ignore|pylint|noqa|nolint|@ts-|clang-format|rubocop)\b/i;

/** A comment, or several in a row, as plain text: comment marks, frames and common indentation removed. */
export function commentText(comment: string): string {
  const lines = comment.split(/\r?\n/).map((line) => {
    const bare = line.slice(0, longestLine).replace(endMark, '').replace(lineMark, '');
    return /^[\s*=#\-/~_+.]*$/.test(bare) ? '' : bare;
  });
  return tidy(lines);
}

/** The contents of a string literal used as documentation, such as Python's docstrings. */
export function docstringText(literal: string): string {
  const inner = literal.replace(/^[a-zA-Z~]*("""|'''|"|'|`)/, '').replace(/("""|'''|"|'|`)$/, '');
  return tidy(inner.split(/\r?\n/));
}

/** Whether a comment is about the code at all: licences and orders to tools are not. */
export function isDocumentation(text: string): boolean {
  return text !== '' && !notes.test(text.slice(0, 300));
}

function tidy(lines: readonly string[]): string {
  const rest = lines.slice(1).filter((line) => line.trim() !== '');
  const indents = rest.map((line) => line.length - line.trimStart().length);
  const indent = indents.length === 0 ? 0 : Math.min(...indents.slice(0, 1000));
  return lines
    .map((line, i) =>
      i === 0 ? line.trim() : line.slice(Math.min(indent, line.length - line.trimStart().length)).trimEnd(),
    )
    .join('\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim();
}
