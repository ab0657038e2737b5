import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { setFlagsFromString } from 'node:v8';
import type * as treeSitter from '@vscode/tree-sitter-wasm';
import { dependencyFile } from '../paths.ts';

type Runtime = typeof treeSitter;

const vscode = '@vscode/tree-sitter-wasm/wasm';
const cursorless = '@cursorless/tree-sitter-wasms/out';

/** Grammars by name: VS Code's own where it has one, they are the newest. */
const grammarFolders = {
  bash: vscode,
  'c-sharp': vscode,
  cpp: vscode,
  css: vscode,
  go: vscode,
  java: vscode,
  javascript: vscode,
  php: vscode,
  powershell: vscode,
  python: vscode,
  ruby: vscode,
  rust: vscode,
  tsx: vscode,
  typescript: vscode,
  agda: cursorless,
  c: cursorless,
  clojure: cursorless,
  dart: cursorless,
  elixir: cursorless,
  elm: cursorless,
  gdscript: cursorless,
  gleam: cursorless,
  haskell: cursorless,
  hcl: cursorless,
  html: cursorless,
  json: cursorless,
  kotlin: cursorless,
  latex: cursorless,
  lua: cursorless,
  nix: cursorless,
  perl: cursorless,
  r: cursorless,
  scala: cursorless,
  scss: cursorless,
  swift: cursorless,
  xml: cursorless,
  yaml: cursorless,
  zig: cursorless,
} as const;

export type GrammarName = keyof typeof grammarFolders;

function specifier(name: GrammarName): string {
  return `${grammarFolders[name]}/tree-sitter-${name}.wasm`;
}

/** Module specifiers of every grammar file: what a package has to carry. */
export function grammarSpecifiers(): string[] {
  return (Object.keys(grammarFolders) as GrammarName[]).map(specifier);
}

let starting: Promise<Runtime> | undefined;
let parser: treeSitter.Parser | undefined;
const grammars = new Map<GrammarName, Promise<treeSitter.Language>>();

/** V8 compiles WASM with its baseline compiler alone; it needs both, for each of them leaves a way to the optimising one. */
const baselineOnly = ['--no-wasm-tier-up', '--no-wasm-dynamic-tiering'];

/**
 * The tree-sitter runtime, started on first use. V8's optimising compiler takes gigabytes for the lexers of a dozen grammars, and
 * more time than their faster code gains on one workspace; its baseline compiler does without.
 */
function startRuntime(): Promise<Runtime> {
  starting ??= (async () => {
    for (const flag of baselineOnly) setFlagsFromString(flag);
    const runtime = createRequire(import.meta.url)('@vscode/tree-sitter-wasm') as Runtime;
    const wasm = dependencyFile('@vscode/tree-sitter-wasm/wasm/tree-sitter.wasm');
    await runtime.Parser.init({ locateFile: () => wasm });
    return runtime;
  })();
  return starting;
}

/** The thread's one parser, set to a grammar that is loaded on first use. */
export async function parserFor(name: GrammarName): Promise<treeSitter.Parser> {
  const runtime = await startRuntime();
  let grammar = grammars.get(name);
  if (!grammar) {
    grammar = readFile(dependencyFile(specifier(name))).then((bytes) => {
      if (name === 'swift') repairSwift(bytes);
      return runtime.Language.load(bytes);
    });
    grammars.set(name, grammar);
  }
  parser ??= new runtime.Parser();
  return parser.setLanguage(await grammar);
}

/**
 * The Swift grammar's scanner allocates its state with `calloc(0, 4)`, hence without clearing it. From the second file on it
 * takes what lay there for the hash count of an open raw string: wrong trees, and fifty times the time. One byte makes
 * it `calloc(1, 4)`; where the instructions are not found, the fault is gone or elsewhere and nothing is touched.
 */
function repairSwift(wasm: Buffer): void {
  const i32Const = 0x41;
  const call = 0x10;
  const allocation = Buffer.from([i32Const, 0, i32Const, 4, call]);
  const at = wasm.indexOf(allocation);
  if (at !== -1 && wasm.indexOf(allocation, at + 1) === -1) wasm[at + 1] = 1;
}
