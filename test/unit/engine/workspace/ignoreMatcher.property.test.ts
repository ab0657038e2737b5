import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { IgnoreMatcher } from '../../../../src/engine/workspace/ignoreMatcher.ts';

const names = ['a', 'b', 'ab', 'a.c', 'b.o', 'foo', 'foo.c', '.x', 'a b', 'b ', '[a]', '!n', '#h', 'A', 'é', 'a\\b'];
const name = fc.constantFrom(...names);
const folders = fc.array(name, { minLength: 0, maxLength: 3 }).map((parts) => parts.join('/'));

const piece = fc.oneof(
  { weight: 6, arbitrary: name },
  {
    weight: 6,
    arbitrary: fc.constantFrom('*', '**', '***', '?', '??', '*.c', 'a*', '*b', 'f*o', '[ab]', '[!a]', '[^a]', '[a-f]*'),
  },
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      '[[:alpha:]]*',
      '[]a]',
      '[a',
      '[[:nope:]]',
      '[[]a]',
      'a**',
      '**b',
      'a**b',
      '[a-',
      '[\\]a]',
      '*[!.]*',
    ),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom('\\a', '\\#h', '\\!n', 'a\\ b', 'b\\ ', '\\[a\\]', 'a\\\\b', '\\*', 'x\\', 'a\\b'),
  },
);
const pattern = fc
  .record({
    negated: fc.boolean(),
    anchored: fc.boolean(),
    pieces: fc.array(piece, { minLength: 1, maxLength: 3 }),
    directory: fc.boolean(),
    trailing: fc.constantFrom('', '', '', ' ', '  ', '\t', '\r'),
  })
  .map(
    ({ negated, anchored, pieces, directory, trailing }) =>
      (negated ? '!' : '') + (anchored ? '/' : '') + pieces.join('/') + (directory ? '/' : '') + trailing,
  );
const oddLine = fc.constantFrom(
  '',
  '#comment',
  '/',
  '!',
  '!/',
  '//',
  '**',
  '/**',
  '**/',
  '!**/',
  '*/',
  ' ',
  '\\',
  'a//b',
);
const ignoreFile = fc
  .array(fc.oneof({ weight: 8, arbitrary: pattern }, { weight: 1, arbitrary: oddLine }), { maxLength: 5 })
  .chain((lines) => fc.constantFrom('\n', '\n', '\r\n').map((end) => lines.join(end) + end));

const tree = fc.record({
  files: fc.array(fc.tuple(folders, name), { minLength: 1, maxLength: 12 }),
  ignoreFiles: fc.array(fc.tuple(folders, ignoreFile), { minLength: 1, maxLength: 4 }),
  infoExclude: fc.option(ignoreFile, { nil: '' }),
  globalExcludes: fc.option(ignoreFile, { nil: '' }),
  bom: fc.boolean(),
});

test('IgnoreMatcher answers what git check-ignore answers', async () => {
  const base = mkdtempSync(path.join(tmpdir(), 'sextant-ignore-'));
  const globalConfig = path.join(base, 'gitconfig');
  const globalFile = path.join(base, 'excludes');
  writeFileSync(globalConfig, `[core]\n\texcludesFile = ${globalFile}\n`);
  process.env['GIT_CONFIG_GLOBAL'] = globalConfig;
  process.env['GIT_CONFIG_NOSYSTEM'] = '1';
  const template = path.join(base, 'template');
  mkdirSync(template);
  let run = 0;
  try {
    await fc.assert(
      fc.asyncProperty(tree, async (shape) => {
        const root = path.join(base, `r${run++}`);
        writeFileSync(globalFile, shape.globalExcludes);
        execFileSync('git', ['init', '-q', '--template', template, root]);
        mkdirSync(path.join(root, '.git', 'info'), { recursive: true });
        writeFileSync(path.join(root, '.git', 'info', 'exclude'), shape.infoExclude);
        const paths = makeTree(root, shape);
        const matcher = await IgnoreMatcher.create(root, { exclude: [], useGitignore: true });
        const ours = paths.filter((entry) => matcher.ignores(entry.path, entry.directory)).map((entry) => entry.path);
        const theirs = checkIgnore(
          root,
          paths.map((entry) => entry.path),
        );
        rmSync(root, { recursive: true });
        assert.deepEqual(ours.toSorted(), theirs.toSorted());
      }),
      { numRuns: Number(process.env['SEXTANT_PROPERTY_RUNS'] ?? 50) },
    );
  } finally {
    rmSync(base, { recursive: true, force: true });
  }
});

interface Entry {
  readonly path: string;
  readonly directory: boolean;
}

/** Creates what fits (a name may be taken by a file already) and lists every path below the root. */
function makeTree(root: string, shape: { files: [string, string][]; ignoreFiles: [string, string][]; bom: boolean }) {
  const entries = new Map<string, Entry>();
  const write = (folder: string, file: string, text: string): void => {
    try {
      mkdirSync(path.join(root, folder), { recursive: true });
      writeFileSync(path.join(root, folder, file), text);
    } catch {
      return;
    }
    const relative = folder === '' ? file : `${folder}/${file}`;
    entries.set(relative, { path: relative, directory: false });
    for (let at = folder; at !== ''; at = at.includes('/') ? at.slice(0, at.lastIndexOf('/')) : '') {
      entries.set(at, { path: at, directory: true });
    }
  };
  for (const [folder, file] of shape.files) write(folder, file, 'x');
  for (const [folder, text] of shape.ignoreFiles) write(folder, '.gitignore', (shape.bom ? '\uFEFF' : '') + text);
  return [...entries.values()];
}

function checkIgnore(root: string, paths: readonly string[]): string[] {
  try {
    const output = execFileSync('git', ['check-ignore', '-z', '--stdin'], {
      cwd: root,
      input: paths.join('\0') + '\0',
    });
    return output
      .toString('utf8')
      .split('\0')
      .filter((line) => line !== '');
  } catch (error) {
    if ((error as { status?: number }).status === 1) return [];
    throw error;
  }
}
