import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import themes from '../../e2e/harness/themes.json' with { type: 'json' };

const folder = path.join(import.meta.dirname, '..', '..', '..', 'src', 'webview');

function sources(pattern: string): { file: string; text: string }[] {
  return globSync(pattern, { cwd: folder }).map((file) => ({
    file,
    text: readFileSync(path.join(folder, file), 'utf8'),
  }));
}

test('style sheets take every colour from the theme', () => {
  const sheets = sources('**/*.css');
  assert.ok(sheets.length > 0);
  for (const { file, text } of sheets) {
    const literal =
      /#[\da-f]{3,8}\b(?=[;\s,)])|\b(?:rgba?|hsla?|oklch)\(|:\s*(?:black|white|gray|red|blue|green)\b/i.exec(text);
    assert.equal(literal?.[0], undefined, file);
  }
});

test('a variable that no theme sets has a fallback', () => {
  const known = new Set(Object.values(themes).flatMap(({ variables }) => Object.keys(variables)));
  for (const { file, text } of sources('**/*.css')) {
    for (const [, name = ''] of text.matchAll(/var\((--vscode-[\w-]+)\)/g))
      assert.ok(known.has(name), `${file}: ${name}`);
  }
});

test('text never becomes markup, and no style stands in an attribute', () => {
  const scripts = sources('**/*.{ts,tsx}');
  assert.ok(scripts.length > 0);
  for (const { file, text } of scripts) {
    const unsafe = /innerHTML|outerHTML|insertAdjacentHTML|document\.write|style="/.exec(text);
    assert.equal(unsafe?.[0], undefined, file);
  }
});
