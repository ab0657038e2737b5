import { docsLanguages, extensionsByLanguage, fileNamesByLanguage, interpretersByLanguage } from './languageTable.ts';

export interface Language {
  /** VS Code language id. */
  readonly id: string;
  readonly scope: 'code' | 'docs';
}

const byExtension = invert(extensionsByLanguage);
const byFileName = invert(fileNamesByLanguage);
const byInterpreter = invert(interpretersByLanguage);

function invert(table: Readonly<Record<string, string>>): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(table).flatMap(([language, names]) =>
      names.split(' ').flatMap((name) => (name === '' ? [] : [[name, language] as const])),
    ),
  );
}

/**
 * Language of a file by its name, then by its extensions, then by a `#!` first line; unknown text is `plaintext` and
 * counts as code, because nobody writes prose without saying so.
 */
export function detectLanguage(filePath: string, firstLine = ''): Language {
  const name = filePath.slice(filePath.lastIndexOf('/') + 1).toLowerCase();
  const known = byFileName.get(name) ?? languageByExtension(name) ?? languageByShebang(firstLine);
  if (known === undefined) return { id: 'plaintext', scope: 'code' };
  return { id: known, scope: docsLanguages.has(known) ? 'docs' : 'code' };
}

/** Tries `Dockerfile.dev`'s stem, then the longest extension first: `a.d.ts`, `ts`. */
function languageByExtension(name: string): string | undefined {
  for (let dot = name.indexOf('.', 1); dot !== -1; dot = name.indexOf('.', dot + 1)) {
    const known = byExtension.get(name.slice(dot + 1));
    if (known !== undefined) return known;
  }
  const stem = name.slice(0, Math.max(name.indexOf('.'), 0));
  return stem === '' ? undefined : byFileName.get(stem);
}

function languageByShebang(firstLine: string): string | undefined {
  const match = /^#!\s*\S*?([^/\s]+)(?:\s+(.*))?$/.exec(firstLine.slice(0, 200).trimEnd());
  if (!match) return undefined;
  let interpreter = match[1]!;
  if (interpreter === 'env') {
    // Options and assignments may stand between env and the program.
    const program = (match[2] ?? '').split(/\s+/).find((word) => !word.startsWith('-') && !word.includes('='));
    interpreter = program?.split('/').at(-1) ?? '';
  }
  return byInterpreter.get(interpreter.toLowerCase().replace(/[\d.]+$/, ''));
}
