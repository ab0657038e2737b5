import { commentText, isDocumentation } from '../commentText.ts';
import type { LineTable } from '../lineTable.ts';

/** A comment or attribute; what follows it may turn out to own it. Offsets. */
export interface Lead {
  readonly start: number;
  readonly end: number;
  /** Documentation that an attribute holds, such as Elixir's `@doc`. */
  readonly doc: string | undefined;
  readonly comment: boolean;
}

/** Collects the comments and attributes of a file in order, and finds those that stand right above something. */
export class Leads {
  readonly #lines: LineTable;
  readonly #leads: Lead[] = [];

  constructor(lines: LineTable) {
    this.#lines = lines;
  }

  /** A comment behind code on the same line is about that code and is left out. */
  add(lead: Lead, line: number): void {
    const { text } = this.#lines;
    if (text.slice(this.#lines.start(line), lead.start).trim() !== '') return;
    let { end } = lead;
    while (end > lead.start && text.charCodeAt(end - 1) <= 32) end--;
    this.#leads.push({ ...lead, end });
  }

  /** Whether the last one ends on the line above. */
  endsAbove(line: number): boolean {
    const last = this.#leads.at(-1);
    return last !== undefined && line > 0 && this.#lines.lineAt(last.end - 1) === line - 1;
  }

  /** Where the comments and attributes begin that lead up to an offset without a blank line, and what they say. */
  above(offset: number): { start: number; doc: string } {
    const { text } = this.#lines;
    let start = offset;
    const comments: string[] = [];
    let doc: string | undefined;
    for (let i = this.#leads.length - 1; i >= 0; i--) {
      const lead = this.#leads[i]!;
      if (lead.end > start) continue;
      const between = text.slice(lead.end, start);
      if (between.trim() !== '' || between.split('\n').length > 2) break;
      start = lead.start;
      if (lead.comment) comments.unshift(text.slice(lead.start, lead.end));
      doc = lead.doc ?? doc;
    }
    const comment = commentText(comments.join('\n'));
    return { start, doc: doc ?? (isDocumentation(comment) ? comment : '') };
  }
}
