import type { LanguageSyntax } from './languageSyntax.ts';
import { elixir, gleam } from './languages/beam.ts';
import { c, cpp } from './languages/cFamily.ts';
import { clojure } from './languages/clojure.ts';
import { css, hcl, scss } from './languages/declarative.ts';
import { csharp, powershell } from './languages/dotnet.ts';
import { javascript, tsx, typescript } from './languages/ecmascript.ts';
import { agda, elm, haskell, nix } from './languages/functional.ts';
import { go } from './languages/go.ts';
import { java, kotlin, scala } from './languages/jvm.ts';
import { python } from './languages/python.ts';
import { rust } from './languages/rust.ts';
import { lua, perl, php, r, ruby, shell } from './languages/scripting.ts';
import { swift } from './languages/swift.ts';
import { dart, gdscript, zig } from './languages/systems.ts';

/** Languages that are cut by syntax, by VS Code language id. */
const tables: Readonly<Record<string, LanguageSyntax>> = {
  agda,
  c,
  clojure,
  cpp,
  csharp,
  css,
  dart,
  elixir,
  elm,
  gdscript,
  gleam,
  go,
  haskell,
  hcl,
  java,
  javascript,
  // The JavaScript grammar reads JSX too.
  javascriptreact: javascript,
  kotlin,
  less: scss,
  lua,
  nix,
  perl,
  php,
  powershell,
  python,
  r,
  ruby,
  rust,
  scala,
  scss,
  shellscript: shell,
  swift,
  terraform: hcl,
  typescript,
  typescriptreact: tsx,
  zig,
};

export function syntaxOf(languageId: string): LanguageSyntax | undefined {
  return Object.hasOwn(tables, languageId) ? tables[languageId] : undefined;
}
