import { setImmediate as nextTurn } from 'node:timers/promises';
import { chunkTerms } from '../index/chunkTerms.ts';
import type { PublishProgress, PublishSummary } from '../../shared/team.ts';
import { withheldChunks } from '../secrets/scanSecrets.ts';
import type { PostgresConnection } from '../store/postgres/postgresConnection.ts';
import { keyOf, type FileKey, type SharedFile } from '../store/postgres/sharedFile.ts';
import { SharedWriter, type WriterTarget } from '../store/postgres/sharedWriter.ts';
import { ensureGraph, type GraphOptions } from '../store/postgres/vectorGraph.ts';
import { writeView, type ViewState } from '../store/postgres/viewWriter.ts';
import type { RootStore } from '../store/rootStore.ts';
import type { WholeFile } from '../store/wholeFiles.ts';
import { codeTokens } from '../text/codeTokens.ts';

/** A segment holds 2,048 chunks; full ones make the fewest rows. */
const chunksPerBatch = 2000;
const keysPerStatement = 20_000;
const hashesPerStatement = 10_000;
const fewFiles = 50;

export interface PublishOptions extends WriterTarget {
  readonly store: RootStore;
  readonly connection: PostgresConnection;
  readonly view: string;
  readonly signal: AbortSignal | undefined;
  readonly onProgress?: ((progress: PublishProgress) => void) | undefined;
  readonly graphFrom?: GraphOptions['from'];
}

interface LocalFile extends FileKey {
  readonly fileId: number;
}

export interface Published extends ViewState, Pick<PublishSummary, 'withheld' | 'graphFailure'> {
  readonly newFiles: number;
}

/**
 * Brings what a folder's index has into a shared one and makes a view show it. Only what is not there yet is sent, in transactions of
 * some thousand chunks; a run that was cut goes on behind the last of them.
 * @throws SextantError `store_offline` and others of the connection; the signal's reason when cancelled.
 */
export async function publishIndex(options: PublishOptions): Promise<Published> {
  const { store, connection, repositoryId, chunker, model, view, signal, onProgress } = options;
  const writer = new SharedWriter(connection, { repositoryId, chunker, model });
  const serving = store.read((reader) => reader.serving());
  const files = serving === undefined ? [] : store.read((reader) => reader.whole.list(serving.chunkSet.id));
  const generationId = model === undefined ? undefined : serving?.generation?.id;
  const read = (fileId: number): WholeFile | undefined =>
    store.read((reader) => reader.whole.read(fileId, generationId));
  const known = await knownFiles(writer, files);
  const missing = files.filter((file) => !known.has(keyOf(file)));
  let withheld = 0;
  let done = files.length - missing.length;
  for (const batch of batches(missing, read)) {
    signal?.throwIfAborted();
    await writer.add(batch);
    withheld += batch.reduce((sum, file) => sum + file.withheld, 0);
    onProgress?.({ step: 'files', done: (done += batch.length), total: files.length });
    await nextTurn();
  }
  // Without statistics the planner takes new tables for empty ones.
  if (missing.length > fewFiles) await writer.analyze();
  if (model !== undefined) {
    await addVectors(
      writer,
      files.filter((file) => known.has(keyOf(file))),
      read,
      signal,
    );
  }
  signal?.throwIfAborted();
  const all = await knownFiles(writer, files);
  const state = await writeView(connection, { repositoryId, chunker, name: view, model }, [...all.values()]);
  const published = { ...state, newFiles: missing.length, withheld };
  if (model === undefined) return published;
  try {
    // Only makes searching faster, and may take as long as all else.
    await ensureGraph(connection, repositoryId, model, {
      signal,
      onProgress: (blocks, total) => onProgress?.({ step: 'graph', done: blocks, total }),
      ...(options.graphFrom !== undefined && { from: options.graphFrom }),
    });
    return published;
  } catch (error) {
    signal?.throwIfAborted();
    return { ...published, graphFailure: error instanceof Error ? error.message : String(error) };
  }
}

async function knownFiles(writer: SharedWriter, files: readonly LocalFile[]): Promise<Map<string, number>> {
  const known = new Map<string, number>();
  for (let from = 0; from < files.length; from += keysPerStatement) {
    for (const [key, id] of await writer.known(files.slice(from, from + keysPerStatement))) known.set(key, id);
  }
  return known;
}

function* batches(
  files: readonly LocalFile[],
  read: (fileId: number) => WholeFile | undefined,
): Generator<SharedFile[]> {
  let batch: SharedFile[] = [];
  let chunks = 0;
  for (const { fileId } of files) {
    const whole = read(fileId);
    // Gone meanwhile: the next run sees what became of it.
    if (whole === undefined) continue;
    if (chunks > 0 && chunks + whole.chunks.length > chunksPerBatch) {
      yield batch;
      batch = [];
      chunks = 0;
    }
    batch.push(sharedFile(whole));
    chunks += whole.chunks.length;
  }
  if (batch.length > 0) yield batch;
}

/** The file without the chunks that look like secrets, and without the symbols in them. */
function sharedFile(whole: WholeFile): SharedFile {
  const secret = withheldChunks(
    whole.path,
    whole.chunks.map(({ text }) => text),
  );
  const pathTerms = codeTokens(whole.path);
  const places = new Map<number, number>();
  const chunks = whole.chunks.flatMap((chunk, place) => {
    if (secret.has(place)) return [];
    places.set(place, places.size);
    return [{ ...chunk, terms: chunkTerms(chunk, pathTerms) }];
  });
  const symbols = whole.symbols.flatMap((symbol) => {
    const chunk = places.get(symbol.chunk);
    return chunk === undefined ? [] : [{ ...symbol, chunk }];
  });
  return { ...whole, chunks, symbols, withheld: secret.size };
}

/** Vectors of files that were shared before, by somebody who had not embedded them (yet), or with another model. */
async function addVectors(
  writer: SharedWriter,
  files: readonly LocalFile[],
  read: (fileId: number) => WholeFile | undefined,
  signal: AbortSignal | undefined,
): Promise<void> {
  let waiting: { textHash: Buffer; vector: Buffer }[] = [];
  const flush = async (): Promise<void> => {
    const missing = await writer.withoutVector(waiting.map(({ textHash }) => textHash));
    const wanted = waiting.filter(({ textHash }) => missing.has(textHash.toString('hex')));
    if (wanted.length > 0) await writer.addVectors(wanted);
    waiting = [];
  };
  for (const { fileId } of files) {
    signal?.throwIfAborted();
    const whole = read(fileId);
    if (whole === undefined) continue;
    const secret = withheldChunks(
      whole.path,
      whole.chunks.map(({ text }) => text),
    );
    for (const [place, { textHash, vector }] of whole.chunks.entries()) {
      if (vector !== null && !secret.has(place)) waiting.push({ textHash, vector });
    }
    if (waiting.length >= hashesPerStatement) await flush();
  }
  if (waiting.length > 0) await flush();
}
