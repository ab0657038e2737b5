import { isProse } from '../code/languages.ts';

const icons: Readonly<Record<string, string>> = {
  markdown: 'markdown',
  json: 'json',
  jsonc: 'json',
  python: 'python',
  ruby: 'ruby',
  sql: 'database',
  shellscript: 'terminal-bash',
  powershell: 'terminal-powershell',
  yaml: 'settings',
  toml: 'settings',
  ini: 'settings',
  html: 'code',
  xml: 'code',
  css: 'symbol-color',
  scss: 'symbol-color',
};

/** A codicon for a file; the user's icon theme cannot be had inside a webview. */
export function fileIcon(path: string, language: string): string {
  if (path.endsWith('.ipynb')) return 'notebook';
  return icons[language] ?? (isProse(language) ? 'book' : 'file-code');
}
