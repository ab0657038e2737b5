import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { SextantError } from '../../shared/errors.ts';
import { defaultEngineSettings, type WorkspaceRoot } from '../../shared/protocol.ts';
import type { RootPhase } from '../../shared/status.ts';
import { Engine } from '../engine.ts';
import { discoverFiles } from '../workspace/discoverFiles.ts';

export interface IndexBenchOptions {
  /** Folder whose sources are copied until there are enough files. */
  readonly dir: string;
  readonly files: number;
  /** False measures the keyword tier alone. */
  readonly embed: boolean;
  readonly modelPath: string;
  readonly threads: number;
  readonly signal: AbortSignal;
  readonly onProgress?: (message: string) => void;
}

export interface IndexBenchResult {
  readonly files: number;
  readonly chunks: number;
  readonly sourceBytes: number;
  /** From opening the folder until every file answers keyword queries. */
  readonly keywordReadySeconds: number;
  /** From opening until the first keyword query over a part of the files is answered. */
  readonly firstAnswerSeconds: number;
  readonly embeddedSeconds: number | null;
  readonly tokensPerSecond: number | null;
  /**
   * With CUDA, the share of `embeddedSeconds` in which the GPU computed: what indexing makes of the rate at which it encodes.
   */
  readonly gpuBusyShare: number | null;
  /** Opening the same folder again with nothing changed. */
  readonly unchangedScanSeconds: number;
  /** From the change report of one saved file until a search finds its new word. */
  readonly savedFileMs: number;
  readonly databaseBytes: number;
  readonly rssBytes: number;
}

/** Copies the sources of a folder into a new one, again and again in numbered folders, until there are `count` files. */
async function makeWorkspace(dir: string, count: number, target: string, signal: AbortSignal): Promise<number> {
  const { maxFileSizeBytes } = defaultEngineSettings;
  const sources: { path: string; absolutePath: string; size: number }[] = [];
  const options = { exclude: [], useGitignore: true, maxFileSizeBytes, signal };
  for await (const file of discoverFiles(dir, options)) {
    sources.push(file);
    if (sources.length === count) break;
  }
  if (sources.length === 0) throw new SextantError('not_found', `There are no source files in ${dir}.`);
  let bytes = 0;
  for (let made = 0; made < count; made += 1) {
    signal.throwIfAborted();
    const source = sources[made % sources.length]!;
    const copy = Math.floor(made / sources.length);
    const file = path.join(target, `copy${copy}`, source.path);
    await mkdir(path.dirname(file), { recursive: true });
    await copyFile(source.absolutePath, file);
    bytes += source.size;
  }
  return bytes;
}

function secondsSince(start: number): number {
  return (performance.now() - start) / 1000;
}

const beforeEmbedding: readonly RootPhase[] = ['opening', 'scanning', 'indexing'];

async function untilKeywordsReady(engine: Engine, signal: AbortSignal): Promise<void> {
  for (;;) {
    const [status] = engine.status().roots;
    if (status?.error !== undefined) throw new SextantError(status.error.code, status.error.message);
    if (status !== undefined && !beforeEmbedding.includes(status.phase)) return;
    await delay(25, undefined, { signal });
  }
}

async function untilFound(engine: Engine, query: string, signal: AbortSignal): Promise<void> {
  for (;;) {
    const { results } = await engine.search({ query, mode: 'keyword', limit: 1, filters: {} }, signal);
    if (results.some((result) => result.text.includes(query))) return;
    await delay(2, undefined, { signal });
  }
}

/** Time from the report of a change until it can be found, the way an editor's save would arrive. */
async function measureSave(engine: Engine, root: WorkspaceRoot, signal: AbortSignal): Promise<number> {
  const files: string[] = [];
  const options = { exclude: [], useGitignore: true, maxFileSizeBytes: 64 * 1024, signal };
  for await (const file of discoverFiles(root.path, options)) {
    if (/\.(ts|py|js|go|rs|java|c)$/.test(file.path)) files.push(file.absolutePath);
  }
  const file = files[Math.floor(files.length / 2)] ?? path.join(root.path, 'saved.ts');
  const word = 'zyxsavedprobe';
  const text = await readFile(file, 'utf8').catch(() => '');
  await writeFile(file, `${text}\nfunction ${word}() {}\n`);
  const started = performance.now();
  engine.filesChanged([file]);
  await untilFound(engine, word, signal);
  return performance.now() - started;
}

/** Measures indexing end to end on a copy of real sources; the folder itself is only read. */
export async function indexBench(options: IndexBenchOptions): Promise<IndexBenchResult> {
  const home = await mkdtemp(path.join(os.tmpdir(), 'sextant-bench-'));
  try {
    return await runIn(home, options);
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

async function runIn(home: string, options: IndexBenchOptions): Promise<IndexBenchResult> {
  const { dir, files, embed, modelPath, threads, signal, onProgress } = options;
  const folder = path.join(home, 'workspace');
  onProgress?.(`copying ${files} files`);
  const sourceBytes = await makeWorkspace(dir, files, folder, signal);
  const root: WorkspaceRoot = { uri: pathToFileURL(folder).href, path: folder, name: 'bench' };
  const settings = { ...defaultEngineSettings, modelPath, threads };
  const open = (): Engine => new Engine({ storageDir: path.join(home, 'store'), settings });

  let engine = open();
  try {
    onProgress?.('indexing');
    const started = performance.now();
    // As in the editor, the model loads while files are read; what is wrong with it shows where it is waited for.
    if (embed) engine.encoder().catch(() => undefined);
    await engine.openRoots([root]);
    await untilFirstChunk(engine, signal);
    const firstAnswerSeconds = secondsSince(started);
    await untilKeywordsReady(engine, signal);
    const keywordReadySeconds = secondsSince(started);
    const embedding = embed ? await measureEmbedding(engine, started, signal) : undefined;
    const rssBytes = process.memoryUsage().rss;
    await engine.dispose();

    onProgress?.('opening again');
    engine = open();
    const reopened = performance.now();
    await engine.openRoots([root]);
    await untilKeywordsReady(engine, signal);
    const unchangedScanSeconds = secondsSince(reopened);
    const savedFileMs = await measureSave(engine, root, signal);
    const { chunks, files: indexed } = engine.status().roots[0]!;
    return {
      files: indexed,
      chunks,
      sourceBytes,
      firstAnswerSeconds,
      keywordReadySeconds,
      embeddedSeconds: embedding?.seconds ?? null,
      tokensPerSecond: embedding?.tokensPerSecond ?? null,
      gpuBusyShare: embedding?.gpuBusyShare ?? null,
      unchangedScanSeconds,
      savedFileMs,
      databaseBytes: engine.diagnostics().databases[0]!.bytes,
      rssBytes,
    };
  } finally {
    await engine.dispose();
  }
}

async function untilFirstChunk(engine: Engine, signal: AbortSignal): Promise<void> {
  while ((engine.status().roots[0]?.chunks ?? 0) === 0) await delay(5, undefined, { signal });
}

async function measureEmbedding(
  engine: Engine,
  started: number,
  signal: AbortSignal,
): Promise<{ seconds: number; tokensPerSecond: number; gpuBusyShare: number | null }> {
  const embeddingStarted = performance.now();
  await engine.encoder();
  const [summary] = await engine.whenIdle(signal);
  const seconds = secondsSince(started);
  const { deviceSeconds } = engine.status().backend ?? {};
  return {
    seconds,
    tokensPerSecond: summary!.tokens / secondsSince(embeddingStarted),
    gpuBusyShare: deviceSeconds === undefined ? null : deviceSeconds / seconds,
  };
}
