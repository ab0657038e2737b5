import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { findSecrets, isFreeOfSecrets, withheldChunks } from '../../../../src/engine/secrets/scanSecrets.ts';
import { isSensitivePath } from '../../../../src/engine/secrets/secretFiles.ts';
import { filesOfTellingName, pemBlock, plantedFiles } from '../../../support/plantedSecrets.ts';

const repository = path.join(import.meta.dirname, '..', '..', '..', '..');

test('every secret that is planted is withheld', () => {
  const files = plantedFiles();
  assert.ok(files.length >= 200);
  const missed = files.filter(({ path: file, text }) => withheldChunks(file, [text]).size === 0);
  assert.deepEqual(
    missed.map(({ path: file }) => file),
    [],
  );
});

test('what is found covers the secret', () => {
  for (const { path: file, text, secret } of plantedFiles()) {
    const start = text.indexOf(secret);
    const covered = findSecrets(text).some((found) => found.start < start + secret.length && found.end > start);
    assert.ok(covered, file);
  }
});

test('files of a telling name are withheld whatever is in them', () => {
  for (const { path: file, text } of filesOfTellingName()) assert.equal(withheldChunks(file, [text]).size, 1, file);
  assert.equal(isSensitivePath('docs/credentials.md'), false);
  assert.equal(isSensitivePath('src/secrets.ts'), false);
  assert.equal(isSensitivePath('.env.example'), false);
});

test('a private key cut into pieces is withheld with all of them, and nothing else of the file is', () => {
  const lines = [
    '# Keys',
    'Put this into the safe:',
    ...pemBlock('cut', 12).split('\n'),
    'Then restart.',
    'That is all.',
  ];
  const pieces = Array.from({ length: Math.ceil(lines.length / 4) }, (_, i) =>
    lines.slice(i * 4, i * 4 + 4).join('\n'),
  );
  assert.deepEqual([...withheldChunks('Keys.md', pieces)].sort(), [0, 1, 2, 3]);
  assert.equal(pieces.length, 5);
  // A key without its end may go on to the end of the file.
  const open = pieces.slice(0, 3);
  assert.deepEqual([...withheldChunks('Keys.md', open)].sort(), [0, 1, 2]);
});

test('placeholders, references and ordinary code are no secrets', () => {
  const harmless = [
    'const password = process.env.DB_PASSWORD;',
    'password: "${DB_PASSWORD}"',
    'api_key = "<your-api-key>"',
    'export API_TOKEN=changeme',
    'url = "postgres://user:password@localhost/db"',
    'const token = tokenizer.next(previousToken2);',
    "headers.set('authorization', `Bearer ${token}`);",
    'GITHUB_TOKEN: ${{ secrets.GITHUB_TOKEN }}',
    'integrity sha512-token',
    "const secretKeyLabel = 'settings.account.secretKey';",
    `ghp_${'x'.repeat(36)}`,
    'assert(password === "Password must not be empty")',
    'if (text.includes("-----BEGIN RSA PRIVATE ' + 'KEY-----")) return;',
    'passwordHash = hash256(password);',
  ];
  for (const text of harmless) assert.deepEqual(findSecrets(text), [], text);
});

test('hardly a file of this repository raises a false alarm', () => {
  const listed = execFileSync('git', ['ls-files', '*.ts', '*.md', '*.json', '*.js', '*.css', '*.py'], {
    cwd: repository,
  });
  const files = listed
    .toString()
    .split('\n')
    .filter(Boolean)
    .map((file) => path.join(repository, file));
  const texts = files.filter((file) => fs.existsSync(file)).map((file) => fs.readFileSync(file, 'utf8'));
  assert.ok(texts.length > 300);
  const alarms = texts.filter((text) => !isFreeOfSecrets(text)).length;
  assert.ok(alarms / texts.length < 0.01, `${alarms} of ${texts.length} files`);
});

test('time grows no faster than the text', () => {
  const hostile = [
    'a',
    '-',
    'token',
    'password=',
    'password=Abc1234x,',
    'eyJ',
    'eyJaaaaaaaaaaaa.',
    'sk-',
    '://a:',
    '-----BEGIN PRIVATE KEY-----',
    'A1',
    '="',
    'authorization: ',
    'ghp_A',
  ];
  const msOf = (unit: string, length: number): number => {
    const text = unit.repeat(Math.ceil(length / unit.length));
    const started = process.cpuUsage();
    findSecrets(text);
    const { user, system } = process.cpuUsage(started);
    return (user + system) / 1000;
  };
  for (const unit of hostile) {
    msOf(unit, 20_000);
    // A quadratic scan takes 100 times as long for 10 times the text.
    const [short, long] = [msOf(unit, 20_000), msOf(unit, 200_000)];
    assert.ok(long < 300 || long < short * 30, `«${unit}»: ${short} ms, then ${long} ms`);
  }
});
