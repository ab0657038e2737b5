import { isFunction, limits, wholeLimit } from './limits.ts';
import type { LineTable } from './lineTable.ts';
import { noBorder, normalizeDefinitions, type Definition, type Outline } from './outline.ts';

/** A range of lines that may become a chunk. Lines are 0-based, ranges half-open. */
export interface Piece {
  startLine: number;
  endLine: number;
  /**
   * `whole`: all of a definition; `head`: its beginning; `rest`: what comes after it or between its members;
   * `loose`: outside of every definition.
   */
  role: 'whole' | 'head' | 'rest' | 'loose';
  /** The definition it is, or is a part of; absent for `loose`. */
  definition?: Definition;
  /** The definition around it; for `head` and `rest` the definition itself. */
  parent?: Definition;
}

/** Cuts a file into pieces, in order, that cover every line but blank ones between them. */
export function partition(outline: Outline, lines: LineTable): Piece[] {
  const pieces: Piece[] = [];
  const cutter = new Cutter(outline, lines, pieces);
  cutter.region(0, lines.count, undefined, normalizeDefinitions(outline.definitions, 0, lines.count));
  return pieces;
}

class Cutter {
  readonly #borders: Uint16Array;
  readonly #lines: LineTable;
  readonly #pieces: Piece[];

  constructor(outline: Outline, lines: LineTable, pieces: Piece[]) {
    this.#borders = outline.borders;
    this.#lines = lines;
    this.#pieces = pieces;
  }

  /** Members become pieces of their own, and what is between them belongs to the owner. */
  region(start: number, end: number, owner: Definition | undefined, members: readonly Definition[]): void {
    let at = start;
    let head = owner !== undefined;
    for (const member of members) {
      if (member.startLine > at) {
        this.#gap(at, member.startLine, owner, head);
        head = false;
      }
      this.#define(member, owner);
      at = member.endLine;
    }
    if (at < end) this.#gap(at, end, owner, head);
  }

  #define(definition: Definition, parent: Definition | undefined): void {
    const { startLine, endLine, kind } = definition;
    if (this.#lines.weight(startLine, endLine) <= wholeLimit(kind)) {
      this.#push({ startLine, endLine, role: 'whole', definition, ...(parent ? { parent } : {}) });
      return;
    }
    const members = this.#members(definition);
    if (members.length > 0) this.region(startLine, endLine, definition, members);
    else this.#gap(startLine, endLine, definition, true);
  }

  /** Definitions inside another that get pieces of their own: all of a class, in a function only the considerable ones. */
  #members(owner: Definition): Definition[] {
    const { startLine, endLine } = owner;
    const inside = owner.children.flatMap((child) => (child.startLine > startLine ? [child] : child.children));
    const members = normalizeDefinitions(
      inside.filter((child) => child.startLine > startLine),
      startLine + 1,
      endLine,
    );
    if (!isFunction(owner.kind)) return members;
    return members.filter((child) => this.#lines.weight(child.startLine, child.endLine) > limits.small * 1.5);
  }

  #gap(start: number, end: number, owner: Definition | undefined, head: boolean): void {
    let first = head;
    for (const [from, to] of splitLines(this.#lines, this.#borders, start, end)) {
      const role = owner === undefined ? 'loose' : first ? 'head' : 'rest';
      this.#push({ startLine: from, endLine: to, role, ...(owner ? { definition: owner, parent: owner } : {}) });
      first = false;
    }
  }

  #push(piece: Piece): void {
    while (piece.startLine < piece.endLine && this.#lines.isBlank(piece.startLine)) piece.startLine++;
    while (piece.startLine < piece.endLine && this.#lines.isBlank(piece.endLine - 1)) piece.endLine--;
    if (piece.startLine < piece.endLine) this.#pieces.push(piece);
  }
}

/**
 * Cuts a range of lines into even pieces of about the target size, in front of the lines with the best borders.
 * A range that is not much larger than one piece is left alone.
 */
function splitLines(
  lines: LineTable,
  borders: Uint16Array,
  start: number,
  end: number,
  target: number = limits.target,
): [number, number][] {
  const ranges: [number, number][] = [];
  let from = start;
  for (let rest = lines.weight(from, end); rest > target * 1.5; rest = lines.weight(from, end)) {
    const goal = rest / Math.round(rest / target);
    const cut = bestCut(lines, borders, from, end, goal);
    ranges.push([from, cut]);
    from = cut;
  }
  if (from < end) ranges.push([from, end]);
  return ranges;
}

/** The line to cut in front of: the outermost border within half a goal of the goal, the nearest among equals. */
function bestCut(lines: LineTable, borders: Uint16Array, from: number, end: number, goal: number): number {
  let best = -1;
  let bestCost = Infinity;
  for (let line = from + 1; line < end; line++) {
    const weight = lines.weight(from, line);
    if (best !== -1 && weight > goal * 1.5) break;
    if (lines.isBlank(line)) continue;
    if (weight < goal * 0.5) continue;
    const border = borders[line] ?? noBorder;
    const depth = border === noBorder ? 60 : Math.min(border, 40);
    const blankBefore = lines.isBlank(line - 1) ? -0.5 : 0;
    // One level of nesting weighs as much as being a third of the goal off.
    const cost = depth + blankBefore + (3 * Math.abs(weight - goal)) / goal;
    if (cost < bestCost) {
      best = line;
      bestCost = cost;
    }
  }
  return best === -1 ? end : best;
}
