import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import { SeededRandom } from '../../../src/engine/bench/seededRandom.ts';
import { indexDump } from '../../support/indexDump.ts';
import { temporaryFolder } from '../../support/temporaryFolder.ts';

const child = fileURLToPath(new URL('indexChild.ts', import.meta.url));
const rounds = 50;
const mostRounds = 4 * rounds;
const fileCount = 120;
const words = ['socket', 'parser', 'token', 'buffer', 'index', 'session', 'window', 'cache'];

function fileText(random: SeededRandom, file: number): string {
  const paragraphs = Array.from({ length: 4 + random.below(8) }, (_, i) => {
    const body = Array.from({ length: 6 }, () => words[random.below(words.length)]).join(' ');
    return `function f${file}x${i}() {\n  ${body} ${random.below(1000)};\n}\n`;
  });
  return paragraphs.join('\n');
}

/** A folder of made-up files, and where a child puts what it makes of it. */
class Scene {
  readonly folder: string;
  readonly database: string;
  readonly log: string;
  readonly #base: string;

  constructor(context: TestContext, random: SeededRandom) {
    this.#base = temporaryFolder(context);
    this.folder = path.join(this.#base, 'workspace');
    this.database = path.join(this.#base, 'storage', 'x.db');
    this.log = path.join(this.#base, 'log');
    fs.mkdirSync(this.folder);
    for (let i = 0; i < fileCount; i += 1) this.write(i, random);
  }

  write(file: number, random: SeededRandom): void {
    fs.writeFileSync(path.join(this.folder, `f${file}.ts`), fileText(random, file));
  }

  remove(file: number): void {
    fs.rmSync(path.join(this.folder, `f${file}.ts`), { force: true });
  }

  /** Hashes of the texts that were encoded so far, as the database keys them. */
  encoded(): string[] {
    if (!fs.existsSync(this.log)) return [];
    const lines = fs.readFileSync(this.log, 'utf8').split('\n');
    return lines.filter((line) => line.length === 64).map((line) => line.slice(0, 32));
  }

  /** Compares the index with one that was made in one go. */
  async assertAsIfUndisturbed(): Promise<void> {
    const undisturbed = path.join(this.#base, 'undisturbed', 'x.db');
    const { output } = await run([this.folder, undisturbed, path.join(this.#base, 'log2'), '0']);
    assert.match(output, /idle/);
    const [actual, wanted] = [indexDump(this.database, words), indexDump(undisturbed, words)];
    for (const part of Object.keys(wanted)) assert.deepEqual(actual[part], wanted[part], `${part} differ`);
  }
}

interface Ended {
  readonly killed: boolean;
  readonly output: string;
}

/** Runs the child; `killWhen` resolves, counted from when it begins to work, when it is to be killed. */
function run(args: readonly string[], killWhen?: (ended: AbortSignal) => Promise<void>): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const started = spawn(process.execPath, [child, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
    const ended = new AbortController();
    let output = '';
    started.stdout.setEncoding('utf8').on('data', (data: string) => {
      if (output === '' && killWhen !== undefined) {
        killWhen(ended.signal).then(() => started.kill('SIGKILL'), reject);
      }
      output += data;
    });
    started.on('error', reject).on('close', (_, signal) => {
      ended.abort();
      resolve({ killed: signal === 'SIGKILL', output });
    });
  });
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** A little after the log has grown by `bytes`. */
async function afterGrowth(file: string, bytes: number, ms: number, ended: AbortSignal): Promise<void> {
  const size = (): number => fs.statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  const until = size() + bytes;
  while (size() < until && !ended.aborted) await sleep(1);
  await sleep(ms);
}

/** Hashes of all texts whose embedding is stored, checked to be in a sound database. */
function committed(database: string): Set<string> {
  if (!fs.existsSync(database)) return new Set();
  const db = new Database(database);
  try {
    assert.equal(db.pragma('integrity_check', { simple: true }), 'ok');
    assert.deepEqual(db.pragma('foreign_key_check'), []);
    const exists = db.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'embeddings'").get() !== undefined;
    const hashes = exists ? (db.prepare('SELECT text_hash FROM embeddings').pluck().all() as Buffer[]) : [];
    return new Set(hashes.map((hash) => hash.toString('hex')));
  } finally {
    db.close();
  }
}

test('an index survives kill -9 at any moment: nothing lost, nothing done twice', async (context) => {
  const seed = Date.now();
  context.diagnostic(`seed ${seed}`);
  const random = new SeededRandom(seed);
  const scene = new Scene(context, random);
  let kills = 0;
  let midway = 0;
  let logged = 0;
  // How many runs are still going on when they are to be killed depends on the machine.
  const enough = (): boolean => kills >= rounds / 2 && midway >= rounds / 5;
  for (let round = 0; round < rounds || (!enough() && round < mostRounds); round += 1) {
    const before = committed(scene.database);
    // Half of the kills hit the start, scan and writing of files, half the embedding.
    const { killed } = await run([scene.folder, scene.database, scene.log, '4'], (ended) =>
      round % 2 === 0
        ? sleep(random.below(150))
        : afterGrowth(scene.log, 65 * (1 + random.below(40)), random.below(8), ended),
    );
    const encoded = scene.encoded().slice(logged);
    logged += encoded.length;
    const again = encoded.filter((hash) => before.has(hash));
    assert.deepEqual(again, [], 'a text was encoded although its embedding was stored');
    assert.equal(new Set(encoded).size, encoded.length, 'a text was encoded twice in one run');
    if (killed) kills += 1;
    if (killed && encoded.length > 0) midway += 1;
    // Work for the rounds to come, whatever is left.
    for (let i = 0; i < 4; i += 1) scene.write(random.below(fileCount), random);
    if (round % 10 === 9) scene.remove(random.below(fileCount));
  }
  assert.ok(enough(), `only ${kills} runs were killed, ${midway} of them while embedding`);
  assert.match((await run([scene.folder, scene.database, scene.log, '0'])).output, /idle/);
  committed(scene.database);
  await scene.assertAsIfUndisturbed();
});

test('two processes on one folder never do the same work', async (context) => {
  const scene = new Scene(context, new SeededRandom(11));
  const args = [scene.folder, scene.database, scene.log, '5'];
  const outputs = (await Promise.all([run(args), run(args)])).map(({ output }) => output);
  assert.ok(
    outputs.some((output) => output.includes('idle')),
    outputs.join(''),
  );
  for (const output of outputs) assert.match(output, /idle|database_busy/);
  const encoded = scene.encoded();
  assert.equal(new Set(encoded).size, encoded.length);
  committed(scene.database);
  await scene.assertAsIfUndisturbed();
});
