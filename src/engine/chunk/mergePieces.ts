import type { SymbolKind } from '../../shared/search.ts';
import { isContainer, isFunction, limits } from './limits.ts';
import type { LineTable } from './lineTable.ts';
import type { Definition } from './outline.ts';
import type { Piece } from './partition.ts';

/** What a chunk will be, before its text is cut out. */
export interface Cut {
  startLine: number;
  endLine: number;
  /** What it is called after; absent for a group of small things. */
  definition?: Definition;
  /** The definitions of a group of small ones. */
  members?: readonly Definition[];
  /** The definition around a group. */
  parent?: Definition;
  kind: SymbolKind;
  /** Whether it holds the beginning of what it is called after. */
  defines: boolean;
}

/** Puts small neighbours together, so that every chunk says something. Pieces must be in order. */
export function mergePieces(pieces: readonly Piece[], lines: LineTable): Cut[] {
  const groups: Group[] = [];
  for (const piece of pieces) {
    const group = groups.at(-1);
    if (group?.takes(piece)) group.add(piece);
    else groups.push(new Group(piece, lines));
  }
  return groups.map((group) => group.cut());
}

/**
 * Nothing but closing brackets, words such as `end`, and comments behind them. A line comment reaches to the end of its line, or
 * a rule of dashes could be read in exponentially many ways.
 */
const closing =
  /^\s*(?=[)\]}>]|(?:end|fi|done|esac)\b|<\/|#endif\b)(?:\s|[)\]}>;,.:]|\b(?:end|fi|done|esac)\b|#endif\b|<\/[\w.:-]*>|\/\/[^\n]*(?:\n|$)|\/\*[^\n*]*\*\/|--[^\n]*(?:\n|$))*$/;

class Group {
  readonly #lines: LineTable;
  readonly #pieces: Piece[];

  constructor(first: Piece, lines: LineTable) {
    this.#lines = lines;
    this.#pieces = [first];
  }

  add(piece: Piece): void {
    this.#pieces.push(piece);
  }

  takes(next: Piece): boolean {
    const last = this.#pieces.at(-1)!;
    if (next.role !== 'whole' && this.#isClosing(next)) return true;
    const weight = this.#weight(this.#pieces) + this.#weight([next]);
    if (this.#isCrumb() && next.role !== 'rest' && (last.parent === next.parent || last.role === 'loose')) {
      return weight <= limits.wholeDefinition;
    }
    if (this.#isBareHead(next)) return weight <= limits.wholeContainer;
    if (weight > mergedLimit(next) || !this.#isSmall(next)) return false;
    if (last.parent !== next.parent) return false;
    if (!this.#pieces.every((piece) => this.#isSmall(piece))) return false;
    return sameSort(last, next) || this.#headTakes(next);
  }

  /** A header that is hardly more than the name of the class says more together with its first member. */
  #isBareHead(next: Piece): boolean {
    const head = this.#pieces[0]!;
    return this.#headTakes(next) && this.#weight([head]) <= limits.crumb && this.#pieces.length === 1;
  }

  /** The header of a class takes its fields and its smallest methods along. */
  #headTakes(next: Piece): boolean {
    const head = this.#pieces[0]!;
    return (
      head.role === 'head' && isContainer(head.definition!.kind) && !isModule(head) && next.parent === head.definition
    );
  }

  #isSmall(piece: Piece): boolean {
    const weight = this.#weight([piece]);
    if (piece.role !== 'whole') return weight <= limits.merged;
    const { kind, doc } = piece.definition!;
    if (kind === 'section') return weight <= limits.smallFunction;
    if (isFunction(kind)) {
      const short = piece.endLine - piece.startLine <= 2 ? limits.smallOneLiner : limits.smallFunction;
      return weight <= short && doc === '';
    }
    return weight <= (isContainer(kind) ? limits.smallType : limits.small);
  }

  #isCrumb(): boolean {
    return (
      this.#pieces.every((piece) => piece.role !== 'whole' && (piece.role !== 'head' || isModule(piece))) &&
      this.#weight(this.#pieces) <= limits.crumb
    );
  }

  #isClosing(piece: Piece): boolean {
    if (this.#weight([piece]) > 200) return false;
    return closing.test(this.#lines.text.slice(this.#lines.start(piece.startLine), this.#lines.end(piece.endLine - 1)));
  }

  #weight(pieces: readonly Piece[]): number {
    return pieces.reduce((sum, piece) => sum + this.#lines.weight(piece.startLine, piece.endLine), 0);
  }

  cut(): Cut {
    const startLine = this.#pieces[0]!.startLine;
    const endLine = this.#pieces.at(-1)!.endLine;
    const main = this.#main();
    if (main?.definition) {
      const { definition } = main;
      return { startLine, endLine, definition, kind: definition.kind, defines: main.role !== 'rest' };
    }
    const members = this.#pieces.flatMap((piece) => (piece.role === 'whole' ? [piece.definition!] : []));
    const kinds = new Set(members.map((member) => member.kind));
    const kind = members[0] ? (kinds.size === 1 ? members[0].kind : groupKind(members[0])) : 'block';
    const parent = this.#pieces[0]!.parent;
    return { startLine, endLine, kind, members, defines: members.length > 0, ...(parent ? { parent } : {}) };
  }

  /** The piece that gives the group its name: the head of a definition, or the one definition that is most of it. */
  #main(): Piece | undefined {
    const head = this.#pieces.find((piece) => piece.role === 'head');
    const whole = this.#pieces.filter((piece) => piece.role === 'whole');
    if (head && !(isModule(head) && whole.length > 0)) return head;
    if (whole.length === 1) {
      const others = this.#pieces.filter((piece) => piece !== whole[0]);
      return this.#weight(whole) >= this.#weight(others) ? whole[0] : undefined;
    }
    return whole.length === 0 && this.#pieces[0]!.role === 'rest' ? this.#pieces[0] : undefined;
  }
}

function isModule(piece: Piece): boolean {
  return piece.definition?.kind === 'module';
}

function mergedLimit(piece: Piece): number {
  const sort = sortOf(piece);
  return sort === 'function' || sort === 'type' ? limits.mergedNamed : limits.merged;
}

/** What a mixed group is filed under. */
function groupKind(member: Definition): SymbolKind {
  if (isFunction(member.kind)) return 'function';
  if (isContainer(member.kind)) return 'type';
  return member.kind === 'section' ? 'section' : 'variable';
}

/** Imports stay apart from constants, and types from functions. */
function sameSort(a: Piece, b: Piece): boolean {
  return sortOf(a) === sortOf(b);
}

function sortOf(piece: Piece): string {
  if (piece.role !== 'whole') return 'text';
  const { kind } = piece.definition!;
  if (isFunction(kind)) return 'function';
  if (isContainer(kind)) return 'type';
  return kind === 'section' ? 'section' : 'value';
}
