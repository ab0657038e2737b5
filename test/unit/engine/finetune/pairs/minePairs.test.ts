import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { minePairs, type MinePairsOptions } from '../../../../../src/engine/finetune/pairs/minePairs.ts';
import type { MinedPair } from '../../../../../src/engine/finetune/pairs/minedPair.ts';
import { chunkedFiles } from '../../../../support/chunkedFiles.ts';
import { searchRoot } from '../../../../support/searchRoots.ts';
import { temporaryFolder } from '../../../../support/temporaryFolder.ts';

async function mined(
  context: TestContext,
  files: Readonly<Record<string, string>>,
  options: Partial<MinePairsOptions> = {},
): Promise<MinedPair[]> {
  const { index } = await searchRoot(context, await chunkedFiles(files));
  return minePairs({ folder: temporaryFolder(context), index, ...options });
}

function git(folder: string, ...args: string[]): void {
  const identity = ['-c', 'user.name=Test', '-c', 'user.email=test@example.org', '-c', 'commit.gpgsign=false'];
  execFileSync('git', [...identity, ...args], { cwd: folder, stdio: 'ignore' });
}

const filler = Array.from({ length: 12 }, (_, i) => `  total += values[${i}] * weights[${i}];`).join('\n');
const parser = `/**
 * Reads the expiry date of a session cookie and checks its signature.
 * @param raw what the browser sent
 */
export function parseCookie(raw: string, values: number[], weights: number[]): number {
  let total = raw.length;
${filler}
  return total;
}
`;

test('a doc comment asks for the code without it', async (context) => {
  const [pair, ...others] = await mined(context, { 'src/cookie.ts': parser }, { sources: ['doc'] });
  assert.deepEqual(others, []);
  assert.equal(pair?.query, 'Reads the expiry date of a session cookie and checks its signature.');
  assert.equal(pair.path, 'src/cookie.ts');
  assert.match(pair.context, /export function parseCookie/);
  assert.doesNotMatch(pair.context, /expiry date|what the browser/);
});

test('a docstring is taken out of the body, whatever quotes it has', async (context) => {
  const body = Array.from({ length: 12 }, (_, i) => `    total += values[${i}] * weights[${i}]`).join('\n');
  for (const quote of ['"""', "'''"]) {
    const source = `def parse_cookie(raw, values, weights):\n    ${quote}Read the expiry date of a session cookie.\n\n    More of it.\n    ${quote}\n    total = len(raw)\n${body}\n    return total\n`;
    const [pair] = await mined(context, { 'cookie.py': source }, { sources: ['doc'] });
    assert.equal(pair?.query, 'Read the expiry date of a session cookie.');
    assert.doesNotMatch(pair.context, /expiry|More of it/);
    assert.match(pair.context, /total = len\(raw\)/);
  }
});

test('the name that begins a Go comment is not part of the question', async (context) => {
  const body = Array.from({ length: 12 }, (_, i) => `\ttotal += values[${i}] * weights[${i}]`).join('\n');
  const source = `package cookie\n\n// ParseCookie reads the expiry date of a session.\nfunc ParseCookie(values []int, weights []int) int {\n\ttotal := 0\n${body}\n\treturn total\n}\n`;
  const [pair] = await mined(context, { 'cookie.go': source }, { sources: ['doc'] });
  assert.equal(pair?.query, 'reads the expiry date of a session.');
});

test('a name in words asks for a body that does not hold the name', async (context) => {
  const [pair] = await mined(context, { 'src/cookie.ts': parser }, { sources: ['name'] });
  assert.equal(pair?.query, 'parse cookie');
  assert.doesNotMatch(pair.context, /parseCookie/);
  assert.match(pair.context, /function f\(raw/);
});

test('the title of a test asks for the code that it calls', async (context) => {
  const spec = `import { parseCookie } from '../src/cookie';\nit('refuses a session whose signature was forged', () => {\n  expect(() => parseCookie('forged', [], [])).toThrow();\n});\n`;
  const pairs = await mined(context, { 'src/cookie.ts': parser, 'test/cookie.test.ts': spec }, { sources: ['test'] });
  assert.deepEqual(
    pairs.map(({ query, path, origin }) => [query, path, origin?.path]),
    [['refuses a session whose signature was forged', 'src/cookie.ts', 'test/cookie.test.ts']],
  );
});

test('a sentence of the docs asks for the code that it names, without the name', async (context) => {
  const readme = '# Sessions\n\nTo verify who a visitor is, call `parseCookie(raw)` before the request is routed.\n';
  const pairs = await mined(context, { 'src/cookie.ts': parser, 'README.md': readme }, { sources: ['docs'] });
  assert.deepEqual(
    pairs.map(({ query, path }) => [query, path]),
    [['Sessions: To verify who a visitor is, call before the request is routed.', 'src/cookie.ts']],
  );
});

test('the remark above a call asks for the callee', async (context) => {
  const router = `import { parseCookie } from './cookie';\nexport function route(raw: string) {\n  // refuse visitors whose session has run out\n  parseCookie(raw, [], []);\n${filler}\n  return raw;\n}\n`;
  const pairs = await mined(context, { 'src/cookie.ts': parser, 'src/router.ts': router }, { sources: ['call'] });
  assert.deepEqual(
    pairs.map(({ query, path }) => [query, path]),
    [['refuse visitors whose session has run out', 'src/cookie.ts']],
  );
});

test('no answer is taken from tests, examples or vendored code', async (context) => {
  const files = { 'test/cookie.ts': parser, 'vendor/cookie.ts': parser, 'examples/cookie.ts': parser };
  assert.deepEqual(await mined(context, files), []);
});

test('a question asked of many places has no answer', async (context) => {
  const files = Object.fromEntries(Array.from({ length: 5 }, (_, i) => [`src/cookie${i}.ts`, parser]));
  assert.deepEqual(await mined(context, files, { sources: ['doc'] }), []);
});

test('commit subjects ask for the functions they wrote, where these stand today', async (context) => {
  const folder = temporaryFolder(context);
  const write = (text: string): void => fs.writeFileSync(path.join(folder, 'cookie.ts'), text);
  git(folder, 'init', '-q');
  write(parser);
  git(folder, 'add', '.');
  git(folder, 'commit', '-q', '-m', 'Merge nothing');
  const signed = parser.replace('return total;', 'if (total > 10) throw new Error(raw);\n  return total;');
  write(signed);
  git(folder, 'commit', '-q', '-a', '-m', 'fix(auth): refuse cookies that were tampered with (#42)\n\nFixes #41');
  // What is above moves the function down.
  const moved = `export function other(left: number, values: number[], weights: number[]) {\n  let total = left;\n${filler}\n  return total;\n}\n\n${signed}`;
  write(moved);
  git(folder, 'commit', '-q', '-a', '-m', 'Bump version to 2.0');
  const { index } = await searchRoot(context, await chunkedFiles({ 'cookie.ts': moved }));
  const pairs = await minePairs({
    folder,
    index,
    sources: ['commit', 'issue'],
    issues: new Map([[41, 'Anybody can extend their own session']]),
  });
  assert.deepEqual(
    pairs.map(({ query, startLine, source }) => [query, startLine > 10, source]),
    [
      ['refuse cookies that were tampered with', true, 'commit'],
      ['Anybody can extend their own session', true, 'issue'],
    ],
  );
  assert.ok(pairs.every(({ date, context: text }) => date !== undefined && text.includes('parseCookie')));
});

test('a folder without git has pairs all the same, and mining can be cancelled', async (context) => {
  const pairs = await mined(context, { 'src/cookie.ts': parser });
  assert.deepEqual(
    pairs.map(({ source }) => source),
    ['doc'],
  );
  const named = await mined(context, { 'src/cookie.ts': parser }, { sources: ['name'] });
  assert.deepEqual(new Set(named.map(({ source }) => source)), new Set(['name']));
  const reason = new Error('enough');
  await assert.rejects(mined(context, { 'src/cookie.ts': parser }, { signal: AbortSignal.abort(reason) }), reason);
});
