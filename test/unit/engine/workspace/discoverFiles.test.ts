import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { discoverFiles, inspectPath, type DiscoverOptions } from '../../../../src/engine/workspace/discoverFiles.ts';
import { IgnoreMatcher } from '../../../../src/engine/workspace/ignoreMatcher.ts';

const defaults: DiscoverOptions = { exclude: [], useGitignore: true, maxFileSizeBytes: 1024 * 1024 };
let root = '';

beforeEach(() => {
  root = realpathSync(mkdtempSync(path.join(tmpdir(), 'sextant-discover-')));
  process.env['GIT_CONFIG_GLOBAL'] = path.join(root, '..', 'no-such-config');
  process.env['XDG_CONFIG_HOME'] = path.join(root, '..', 'no-such-folder');
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function write(relative: string, text = 'text'): void {
  const file = path.join(root, relative);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, text);
}

function git(...args: string[]): void {
  execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b', '-c', 'protocol.file.allow=always', ...args], {
    cwd: root,
    stdio: 'ignore',
  });
}

async function discover(options: Partial<DiscoverOptions> = {}, from = root) {
  const discovery = discoverFiles(from, { ...defaults, ...options });
  const paths: string[] = [];
  for await (const file of discovery) paths.push(file.path);
  return { paths: paths.toSorted(), skipped: discovery.skipped };
}

describe('discoverFiles', () => {
  test(
    'does not follow a .gitignore that is a link, as git does not',
    { skip: process.platform === 'win32' },
    async () => {
      git('init', '-q');
      write('rules', 'a.ts\n');
      write('a.ts');
      write('b/a.ts');
      symlinkSync('rules', path.join(root, '.gitignore'));
      symlinkSync('../rules', path.join(root, 'b', '.gitignore'));
      const listed = execFileSync('git', ['ls-files', '-o', '--exclude-standard'], { cwd: root, stdio: 'pipe' });
      const { paths } = await discover();
      assert.ok(paths.includes('a.ts') && paths.includes('b/a.ts'), paths.join());
      const shown = listed.toString().split('\n');
      assert.ok(shown.includes('a.ts') && shown.includes('b/a.ts'), shown.join());
    },
  );

  test('yields path, size and time of every file', async () => {
    write('src/a.ts', 'const a = 1;');
    for await (const file of discoverFiles(root, defaults)) {
      assert.equal(file.path, 'src/a.ts');
      assert.equal(file.absolutePath, path.join(root, 'src', 'a.ts'));
      assert.equal(file.size, 12);
      assert.ok(Math.abs(file.mtimeMs - Date.now()) < 60_000);
    }
  });

  test('counts what it leaves out by reason', async () => {
    write('ok.ts');
    write('.gitignore', 'ignored.ts\nout/\n');
    write('ignored.ts');
    write('out/a.ts');
    write('node_modules/x/a.js');
    write('vendor/a.go');
    write('logo.png');
    write('lib.min.js');
    write('package-lock.json');
    write('schema.pb.go');
    write('empty.ts', '');
    write('large.ts', 'x'.repeat(2000));
    write('.env', 'TOKEN=1');
    write('.env.example', 'TOKEN=');
    const { paths, skipped } = await discover({ maxFileSizeBytes: 1000 });
    assert.deepEqual(paths, ['.env.example', '.gitignore', 'ok.ts']);
    assert.deepEqual(skipped, {
      ignored: 2,
      vendored: 2,
      binary: 1,
      minified: 1,
      generated: 2,
      empty: 1,
      too_large: 1,
      secret: 1,
    });
  });

  test('survives names with quotes, new lines, emoji and spaces at the end', async () => {
    const names = [`it's "quoted".ts`, 'new\nline.ts', '🦊.ts', 'end .ts ', 'back\\slash.ts', '-rf.ts', 'ünï.ts'];
    for (const name of names) write(name);
    assert.deepEqual((await discover()).paths, names.toSorted());
  });

  test('a root named like a vendored folder is the wish of whoever opened it', async () => {
    write('vendor/lib/a.ts');
    write('vendor/lib/vendor/b.ts');
    const { paths, skipped } = await discover({}, path.join(root, 'vendor', 'lib'));
    assert.deepEqual(paths, ['a.ts']);
    assert.deepEqual(skipped, { vendored: 1 });
  });

  test('links inside the root are found once, links out of it never, loops end', async () => {
    write('src/a.ts');
    symlinkSync('a.ts', path.join(root, 'src', 'link.ts'));
    symlinkSync('src', path.join(root, 'again'));
    symlinkSync('..', path.join(root, 'src', 'loop'));
    symlinkSync('missing', path.join(root, 'dangling'));
    symlinkSync('/etc/hostname', path.join(root, 'outside.txt'));
    symlinkSync('/etc', path.join(root, 'etc'));
    const { paths, skipped } = await discover();
    assert.deepEqual(paths, ['src/a.ts']);
    assert.deepEqual(skipped, { outside_workspace: 2, unreadable: 1 });
  });

  test('a root that is a link itself is opened at its real path', async () => {
    write('real/a.ts');
    symlinkSync('real', path.join(root, 'alias'));
    const files = [];
    for await (const file of discoverFiles(path.join(root, 'alias'), defaults)) files.push(file.absolutePath);
    assert.deepEqual(files, [path.join(root, 'real', 'a.ts')]);
  });

  test('a folder that cannot be read is counted', async () => {
    write('closed/a.ts');
    write('open/b.ts');
    chmodSync(root, 0o755);
    chmodSync(path.join(root, 'closed'), 0);
    // Root may read everything, so it becomes nobody for a moment.
    const asRoot = process.getuid?.() === 0;
    if (asRoot) process.seteuid?.(65534);
    try {
      assert.deepEqual(await discover(), { paths: ['open/b.ts'], skipped: { unreadable: 1 } });
    } finally {
      if (asRoot) process.seteuid?.(0);
      chmodSync(path.join(root, 'closed'), 0o755);
    }
  });

  test('a missing root is a clear error', async () => {
    await assert.rejects(discover({}, path.join(root, 'missing')), { code: 'workspace_missing' });
  });

  test('an aborted scan rejects with the reason', async () => {
    write('a.ts');
    await assert.rejects(discover({ signal: AbortSignal.abort(new Error('stop')) }), /stop/);
  });

  test('tracked files count as not ignored, their untracked neighbours do', async () => {
    git('init', '-q');
    write('build/kept.ts');
    write('build/deep/also.ts');
    git('add', '-f', '.');
    write('.gitignore', 'build/\n');
    write('build/fresh.ts');
    write('build/deep/fresh.ts');
    assert.deepEqual((await discover()).paths, ['.gitignore', 'build/deep/also.ts', 'build/kept.ts']);
  });

  test('nested repositories and submodules are indexed by their own rules', async () => {
    git('init', '-q');
    write('.gitignore', '*.log\n');
    write('inner/.gitignore', '*.tmp\n');
    write('inner/a.ts');
    write('inner/a.tmp');
    write('inner/a.log');
    git('init', '-q', 'inner');
    write('a.log');
    assert.deepEqual((await discover()).paths, ['.gitignore', 'inner/.gitignore', 'inner/a.log', 'inner/a.ts']);
  });

  test('a folder inside a repository follows the rules above it', async () => {
    git('init', '-q');
    write('.gitignore', '/packages/app/generated/\n*.log\n!keep.log\n');
    write('packages/app/a.ts');
    write('packages/app/generated/b.ts');
    write('packages/app/x.log');
    write('packages/app/keep.log');
    assert.deepEqual((await discover({}, path.join(root, 'packages', 'app'))).paths, ['a.ts', 'keep.log']);
  });

  test('without git rules only .sextantignore and globs count', async () => {
    write('.gitignore', 'a.ts\n');
    write('.sextantignore', '/c.ts\n');
    for (const name of ['a.ts', 'b.ts', 'c.ts', 'docs/c.ts']) write(name);
    const { paths } = await discover({ useGitignore: false, exclude: ['**/b.ts'] });
    assert.deepEqual(paths, ['.gitignore', '.sextantignore', 'a.ts', 'docs/c.ts']);
  });

  test('.sextantignore lets in what other rules leave out', async () => {
    write('.gitignore', 'dist/\n');
    write('.sextantignore', '!dist/\n!vendor/\n*.gen.ts\n');
    for (const name of ['dist/a.ts', 'dist/b.gen.ts', 'vendor/a.go']) write(name);
    assert.deepEqual((await discover()).paths, ['.gitignore', '.sextantignore', 'dist/a.ts', 'vendor/a.go']);
  });

  test('globs match like files.exclude', async () => {
    for (const name of ['a.js', 'src/a.js', 'out/a.ts', 'src/out/b.ts', 'x/y/z.ts', '.hidden/a.ts']) write(name);
    assert.deepEqual((await discover({ exclude: ['*.js'] })).paths.includes('src/a.js'), true);
    assert.deepEqual((await discover({ exclude: ['**/*.js', 'out', '**/x/**', '**/.hidden'] })).paths, [
      'src/out/b.ts',
    ]);
    assert.deepEqual((await discover({ exclude: ['**/{out,x}', './src/', ''] })).paths, ['.hidden/a.ts', 'a.js']);
  });

  test('a watcher asks by path and gets what the scan got', async () => {
    write('.gitignore', 'out/\n');
    write('src/a.ts');
    write('out/deep/b.ts');
    const matcher = await IgnoreMatcher.create(root, defaults);
    const look = (file: string) => inspectPath(root, file, matcher, 1000);
    const found = await look('src/a.ts');
    assert.ok('file' in found && found.file.size === 4);
    assert.deepEqual(await look('out/deep/b.ts'), { skip: 'ignored' });
    assert.deepEqual(await look('src'), { directory: true });
    assert.deepEqual(await look('out/deep'), { skip: 'ignored' });
    assert.deepEqual(await look('src/gone.ts'), { gone: true });
    assert.ok(matcher.ignores('out/never/created.ts', false));
    assert.ok(IgnoreMatcher.isIgnoreFile('a/b/.gitignore') && !IgnoreMatcher.isIgnoreFile('a/gitignore'));
  });
});
