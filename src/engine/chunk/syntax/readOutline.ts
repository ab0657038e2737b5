import type { Language, Tree, TreeCursor } from '@vscode/tree-sitter-wasm';
import type { SymbolKind } from '../../../shared/search.ts';
import type { FileSymbol } from '../chunk.ts';
import { isContainer, isFunction } from '../limits.ts';
import type { LineTable } from '../lineTable.ts';
import { noBorder, type Definition, type Outline } from '../outline.ts';
import type { Described, DefinitionRule, LanguageSyntax, SyntaxNode } from './languageSyntax.ts';
import { Leads } from './leads.ts';
import { signatureOf } from './signature.ts';

/** Nothing that people write is nested deeper; what is deeper is not looked at. */
const deepest = 1000;
/** How far below a definition one-line code is searched for further definitions. */
const oneLineDepth = 6;

export interface SyntaxOutline extends Outline {
  /** Set when the tree was too deep to be read in full. */
  readonly tooDeep: boolean;
}

interface Role {
  readonly rule?: DefinitionRule;
  readonly wrapper?: boolean;
  readonly comment?: boolean;
  readonly attribute?: boolean;
  readonly local?: boolean;
}

interface OuterRange {
  readonly start: number;
  readonly end: number;
  readonly signatureStart: number;
}

interface Open {
  readonly definition: Definition;
  readonly end: number;
  readonly depth: number;
}

/** Reads what a syntax tree defines, and where its file may be cut. Walks with a cursor: no recursion, any depth. */
export function readOutline(tree: Tree, syntax: LanguageSyntax, lines: LineTable): SyntaxOutline {
  const reader = new OutlineReader(tree.language, syntax, lines);
  const cursor = tree.walk();
  try {
    reader.read(cursor);
  } finally {
    cursor.delete();
  }
  return reader;
}

class OutlineReader implements SyntaxOutline {
  readonly definitions: Definition[] = [];
  readonly symbols: FileSymbol[] = [];
  readonly borders: Uint16Array;
  tooDeep = false;
  readonly #syntax: LanguageSyntax;
  readonly #lines: LineTable;
  readonly #roles: readonly (Role | undefined)[];
  readonly #leads: Leads;
  readonly #open: Open[] = [];
  /** Where the outermost local scope around the current node ends. */
  #localEnd = 0;
  /** Ancestors of the current node that are wrappers, outermost first. */
  readonly #wrappers: { type: string; start: number; end: number; depth: number }[] = [];

  constructor(language: Language, syntax: LanguageSyntax, lines: LineTable) {
    this.#syntax = syntax;
    this.#lines = lines;
    this.#leads = new Leads(lines);
    this.#roles = rolesByType(language, syntax);
    this.borders = new Uint16Array(lines.count).fill(noBorder);
  }

  read(cursor: TreeCursor): void {
    let line = 0;
    let depth = 0;
    for (;;) {
      const start = cursor.startIndex;
      while (line + 1 < this.#lines.count && this.#lines.start(line + 1) <= start) line++;
      const enter = this.#visit(cursor, start, line, depth);
      if (enter && cursor.gotoFirstChild()) {
        depth++;
        continue;
      }
      while (!cursor.gotoNextSibling()) {
        if (!cursor.gotoParent()) return;
        depth--;
      }
    }
  }

  /** Returns whether to look inside the node. */
  #visit(cursor: TreeCursor, start: number, line: number, depth: number): boolean {
    const end = cursor.endIndex;
    while (this.#open.length > 0 && start >= this.#open.at(-1)!.end) this.#open.pop();
    if (!cursor.nodeIsNamed) return false;
    const role = this.#roles[cursor.nodeTypeId];
    this.#markBorder(start, line, depth, role);
    if (role?.comment || role?.attribute) {
      const doc = role.attribute ? this.#syntax.attributeDoc?.(cursor.currentNode) : undefined;
      this.#leads.add({ start, end, doc, comment: role.comment === true }, line);
      return false;
    }
    while (this.#wrappers.length > 0 && this.#wrappers.at(-1)!.depth >= depth) this.#wrappers.pop();
    if (role?.rule) this.#define(cursor.currentNode, role.rule, depth);
    if (role?.local && this.#localEnd <= start) this.#localEnd = end;
    if (role?.wrapper) this.#wrappers.push({ type: cursor.nodeType, start, end, depth });
    if (depth >= deepest) {
      this.tooDeep = true;
      return false;
    }
    if (end > this.#lines.end(line)) return true;
    const around = this.#open.at(-1);
    if (around && isFunction(around.definition.kind)) return false;
    return depth - (around?.depth ?? 0) <= oneLineDepth;
  }

  /** A line that begins with a node may be cut in front of, unless a comment right above it would be left behind. */
  #markBorder(start: number, line: number, depth: number, role: Role | undefined): void {
    if (depth === 0 || this.borders[line] !== noBorder) return;
    if (this.#lines.text.slice(this.#lines.start(line), start).trim() !== '') return;
    if (role?.comment !== true && this.#leads.endsAbove(line)) return;
    this.borders[line] = depth;
  }

  #define(node: SyntaxNode, rule: DefinitionRule, depth: number): void {
    const around = this.#open.at(-1)?.definition;
    const described = rule.describe ? rule.describe(node) : this.#describe(node, rule);
    if (!described || !isName(described) || this.#isLocal(described.kind ?? rule.kind, node.startIndex)) return;
    const trailing = this.#trailing(node);
    const outer = this.#outerRange(node, trailing, depth);
    const lead = this.#leads.above(outer.start);
    const kind = this.#kindOf(described.kind ?? rule.kind, described, around);
    const addition = described.addition ?? rule.addition;
    const definition: Definition = {
      kind,
      name: described.name,
      symbol: [around?.symbol, described.owner, described.name].filter(Boolean).join('.'),
      signature: described.signature ?? this.#signature(node, rule, described, outer.signatureStart, trailing),
      doc: described.doc ?? lead.doc,
      ...(addition ? { addition } : {}),
      startLine: this.#lines.lineAt(lead.start),
      endLine: this.#lines.lineAt(this.#lastCharacter(outer.start, outer.end)) + 1,
      children: [],
    };
    const siblings = around ? around.children : this.definitions;
    if (!this.#joins(siblings.at(-1), definition)) {
      siblings.push(definition);
      if (!addition) {
        this.symbols.push({ name: described.name, kind, line: this.#nameLine(node, described.name) + 1 });
      }
    }
    this.#open.push({ definition: siblings.at(-1)!, end: outer.end, depth });
  }

  #isLocal(kind: SymbolKind, start: number): boolean {
    if (kind !== 'variable' && kind !== 'constant' && kind !== 'property') return false;
    return start < this.#localEnd || this.#open.some(({ definition }) => isFunction(definition.kind));
  }

  /** Adds a further equation to the function it belongs to. */
  #joins(previous: Definition | undefined, next: Definition): boolean {
    if (!this.#syntax.joinEqualNames || previous?.name !== next.name || previous.symbol !== next.symbol) return false;
    if (next.doc !== '' && previous.doc !== '') return false;
    if (!isFunction(previous.kind) || !isFunction(next.kind)) return false;
    previous.endLine = next.endLine;
    return true;
  }

  #describe(node: SyntaxNode, rule: DefinitionRule): Described | undefined {
    const name = node.childForFieldName(rule.name ?? 'name')?.text;
    return name === undefined ? undefined : { name };
  }

  #kindOf(kind: SymbolKind, described: Described, around: Definition | undefined): SymbolKind {
    const member =
      described.owner !== undefined || (around !== undefined && isContainer(around.kind) && around.kind !== 'module');
    if (kind !== 'function' && kind !== 'method') return kind;
    if (member && this.#syntax.constructors?.includes(described.name)) return 'constructor';
    return member ? 'method' : kind;
  }

  /** With the wrappers directly around the node; the signature begins at `export` but not at a decorator. */
  #outerRange(node: SyntaxNode, trailing: SyntaxNode | undefined, depth: number): OuterRange {
    const end = trailing?.endIndex ?? node.endIndex;
    let first = this.#wrappers.length;
    while (first > 0 && this.#wrappers[first - 1]!.depth === depth - 1 - (this.#wrappers.length - first)) first--;
    const around = this.#wrappers.slice(first);
    const outermost = around[0];
    if (!outermost) return { start: node.startIndex, end, signatureStart: node.startIndex };
    const decorated = around.some(({ type }) => type === 'decorated_definition');
    return {
      start: outermost.start,
      end: Math.max(outermost.end, end),
      signatureStart: decorated ? node.startIndex : outermost.start,
    };
  }

  #signature(
    node: SyntaxNode,
    rule: DefinitionRule,
    described: Described,
    from: number,
    trailing?: SyntaxNode,
  ): string {
    const bodyStart = this.#bodyStart(node, rule, described) ?? trailing?.startIndex;
    return signatureOf(this.#lines.text, from, bodyStart, node.endIndex);
  }

  #bodyStart(node: SyntaxNode, rule: DefinitionRule, described: Described): number | undefined {
    if (described.bodyStart !== undefined) return described.bodyStart;
    const body = node.childForFieldName(rule.body ?? 'body');
    if (body) return body.startIndex;
    const types = this.#syntax.bodies;
    if (!types) return undefined;
    for (let i = 0; i < Math.min(node.namedChildCount, 100); i++) {
      const child = node.namedChild(i);
      if (child && types.includes(child.type)) return child.startIndex;
    }
    return undefined;
  }

  #trailing(node: SyntaxNode): SyntaxNode | undefined {
    if (!this.#syntax.trailing) return undefined;
    const next = node.nextNamedSibling;
    return next && this.#syntax.trailing.includes(next.type) ? next : undefined;
  }

  /** The line of the name, which may be below annotations or a return type. */
  #nameLine(node: SyntaxNode, name: string): number {
    const at = this.#lines.text.slice(node.startIndex, Math.min(node.endIndex, node.startIndex + 1000)).indexOf(name);
    return this.#lines.lineAt(node.startIndex + Math.max(at, 0));
  }

  #lastCharacter(start: number, end: number): number {
    let last = end - 1;
    while (last > start && this.#lines.text.charCodeAt(last) <= 32) last--;
    return last;
  }
}

/** A syntax belongs to one grammar, so its roles are worked out once a thread. */
const knownRoles = new WeakMap<LanguageSyntax, readonly (Role | undefined)[]>();

function rolesByType(language: Language, syntax: LanguageSyntax): readonly (Role | undefined)[] {
  const known = knownRoles.get(syntax);
  if (known) return known;
  const roles: (Role | undefined)[] = [];
  knownRoles.set(syntax, roles);
  for (let id = 0; id < language.nodeTypeCount; id++) {
    const type = language.nodeTypeForId(id);
    if (type === null || !language.nodeTypeIsNamed(id)) continue;
    const rule = Object.hasOwn(syntax.definitions, type) ? syntax.definitions[type] : undefined;
    const role: Role = {
      ...(rule ? { rule } : {}),
      ...(syntax.wrappers?.includes(type) ? { wrapper: true } : {}),
      ...(syntax.comments.includes(type) ? { comment: true } : {}),
      ...(syntax.attributes?.includes(type) ? { attribute: true } : {}),
      ...(syntax.localScopes?.includes(type) ? { local: true } : {}),
    };
    if (Object.keys(role).length > 0) roles[id] = role;
  }
  return roles;
}

/** Longer ones are what a parser in trouble took for a name: whole bodies, where macros hide the syntax. */
const longestName = 200;

function isName({ name, owner = '' }: Described): boolean {
  return name !== '' && name.length + owner.length <= longestName && !/[\r\n]/.test(name + owner);
}
