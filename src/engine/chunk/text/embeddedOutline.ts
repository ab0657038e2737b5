import type { ChunkedFile } from '../chunk.ts';
import type { LineTable } from '../lineTable.ts';
import type { Definition, Outline } from '../outline.ts';
import { parseOutline } from '../syntax/parseOutline.ts';
import { syntaxOf } from '../syntax/syntaxTables.ts';
import { indentationBorders } from './lineOutline.ts';

export const embeddingLanguages: ReadonlySet<string> = new Set([
  'html',
  'vue',
  'svelte',
  'astro',
  'razor',
  'handlebars',
]);

const opening = /^[ \t]*<(script|style|template)\b([^>]*)>[ \t]*$/i;
const languages: Readonly<Record<string, string>> = {
  ts: 'typescript',
  typescript: 'typescript',
  tsx: 'typescriptreact',
  jsx: 'javascriptreact',
  js: 'javascript',
  javascript: 'javascript',
  module: 'javascript',
  scss: 'scss',
  sass: 'sass',
  less: 'less',
  css: 'css',
};

interface Block {
  readonly tag: string;
  readonly language: string;
  readonly startLine: number;
  readonly endLine: number;
}

/**
 * Markup with code inside, such as HTML and single-file components: scripts and styles are read with their own
 * grammars at their own places, the markup is cut where its indentation is least.
 */
export async function embeddedOutline(
  languageId: string,
  lines: LineTable,
  budgetMs: number,
): Promise<Outline | NonNullable<ChunkedFile['degraded']>> {
  const definitions: Definition[] = [];
  const symbols = [];
  const borders = indentationBorders(lines);
  for (const block of findBlocks(languageId, lines)) {
    const syntax = syntaxOf(block.language);
    const inner =
      syntax && (await parseOutline(syntax, lines, budgetMs, { from: block.startLine + 1, to: block.endLine - 1 }));
    if (typeof inner === 'string') return inner;
    const from = block.startLine;
    definitions.push({
      kind: 'block',
      name: block.tag,
      symbol: '',
      signature: '',
      doc: '',
      startLine: from,
      endLine: block.endLine,
      children: [...(inner?.definitions ?? [])],
    });
    symbols.push(...(inner?.symbols ?? []));
    for (let line = from + 1; inner && line < block.endLine - 1; line++) borders[line] = inner.borders[line]!;
  }
  return { definitions, symbols, borders };
}

function findBlocks(languageId: string, lines: LineTable): Block[] {
  const blocks: Block[] = [];
  for (let line = 0; line < lines.count; line++) {
    const match = lines.end(line) - lines.start(line) < 500 ? opening.exec(lines.line(line)) : null;
    if (!match) continue;
    const tag = match[1]!.toLowerCase();
    // Only single-file components have templates of their own.
    if (tag === 'template' && (languageId === 'html' || /^\s/.test(lines.line(line)))) continue;
    const endLine = closingLine(lines, line + 1, tag, /^[ \t]*/.exec(lines.line(line))![0]);
    const attribute = /\b(?:lang|type)\s*=\s*["'](?:text\/|application\/)?([\w-]+)/i
      .exec(match[2]!)?.[1]
      ?.toLowerCase();
    const fallback = tag === 'script' ? 'javascript' : tag === 'style' ? 'css' : 'html';
    const language = attribute === undefined ? fallback : (languages[attribute] ?? '');
    blocks.push({ tag, language, startLine: line, endLine });
    line = endLine - 1;
  }
  return blocks;
}

/** The line after the one that closes the block; a template closes at its own indentation. */
function closingLine(lines: LineTable, from: number, tag: string, indent: string): number {
  for (let line = from; line < lines.count; line++) {
    const text = lines.line(line).slice(0, 200).trimEnd().toLowerCase();
    if (tag === 'template' ? text === `${indent}</template>` : text.includes(`</${tag}>`)) return line + 1;
  }
  return lines.count;
}
