import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pathFilter } from '../../../../src/engine/search/pathFilter.ts';

const files = ['src/a.ts', 'src/deep/b.ts', 'src/deep/b.py', 'lib/src/c.ts', '.github/ci.yml', 'with space/[x].ts'];

const cases: readonly [globs: readonly string[], allowed: readonly string[]][] = [
  [[], files],
  [['src'], ['src/a.ts', 'src/deep/b.ts', 'src/deep/b.py']],
  [['src/'], ['src/a.ts', 'src/deep/b.ts', 'src/deep/b.py']],
  [['./src/deep'], ['src/deep/b.ts', 'src/deep/b.py']],
  [['src/a.ts'], ['src/a.ts']],
  [['src/**'], ['src/a.ts', 'src/deep/b.ts', 'src/deep/b.py']],
  [['*.py'], ['src/deep/b.py']],
  [
    ['**/*.ts', '!src'],
    ['lib/src/c.ts', 'with space/[x].ts'],
  ],
  [['!*.ts'], ['src/deep/b.py', '.github/ci.yml']],
  [['src', '!src/deep'], ['src/a.ts']],
  [['.github'], ['.github/ci.yml']],
  [['{src,lib}/**/*.ts'], ['src/a.ts', 'src/deep/b.ts', 'lib/src/c.ts']],
  [['', ' ', '!'], files],
  [['nowhere'], []],
];

for (const [globs, allowed] of cases) {
  test(`path filter ${JSON.stringify(globs)}`, () => assert.deepEqual(files.filter(pathFilter(globs)), allowed));
}
