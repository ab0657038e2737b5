import type { LanguageSyntax } from './languageSyntax.ts';
import { c, cpp } from './languages/cFamily.ts';
import { csharp, powershell } from './languages/dotnet.ts';
import { javascript, tsx, typescript } from './languages/ecmascript.ts';
import { go } from './languages/go.ts';
import { java, kotlin, scala } from './languages/jvm.ts';
import { python } from './languages/python.ts';
import { rust } from './languages/rust.ts';
import { lua, perl, php, r, ruby, shell } from './languages/scripting.ts';

/** Languages that are cut by syntax, by VS Code language id. */
const tables: Readonly<Record<string, LanguageSyntax>> = {
  c,
  cpp,
  csharp,
  go,
  java,
  javascript,
  javascriptreact: javascript,
  kotlin,
  lua,
  perl,
  php,
  powershell,
  python,
  r,
  ruby,
  rust,
  scala,
  shellscript: shell,
  typescript,
  typescriptreact: tsx,
};

export function syntaxOf(languageId: string): LanguageSyntax | undefined {
  return Object.hasOwn(tables, languageId) ? tables[languageId] : undefined;
}
