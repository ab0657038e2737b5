import { blockSize } from '../postingCodec.ts';
import type { PostgresConnection, Statements } from './postgresConnection.ts';
import { lengthsFrom } from './segmentLengths.ts';
import { writeCodes } from './segmentCodes.ts';
import { vectorTable, type SharedModel } from './vectorTable.ts';

export interface ViewTarget {
  readonly repositoryId: number;
  readonly chunker: string;
  readonly name: string;
  readonly model: SharedModel | undefined;
}

export interface ViewState {
  readonly files: number;
  readonly chunks: number;
  readonly embedded: number;
  readonly added: number;
  readonly removed: number;
}

interface ChunkLength {
  readonly chunkId: number;
  readonly length: number;
}

interface Segment {
  readonly segmentId: number;
  readonly used: number;
  readonly lengths: Buffer | null;
}

/**
 * Makes a view have exactly these files, in one transaction. Writers of one view come one after the other, each leaving the state that
 * it has; searches see the state before or after.
 * @throws SextantError of the connection; another error where a file is gone, which a new attempt would add again.
 */
export function writeView(
  connection: PostgresConnection,
  target: ViewTarget,
  fileIds: readonly number[],
): Promise<ViewState> {
  return connection.transaction(async (statements) => {
    const viewId = await lockedView(statements, target);
    const change = await changeFiles(statements, target.repositoryId, viewId, fileIds);
    await writeLengths(statements, target.repositoryId, viewId, change);
    const counts = await finish(statements, target, viewId, change.added.length + change.removed.length > 0);
    return { ...counts, added: change.added.length, removed: change.removed.length };
  });
}

async function lockedView(statements: Statements, { repositoryId, chunker, name }: ViewTarget): Promise<number> {
  await statements.rows("SELECT pg_advisory_xact_lock(hashtextextended('sextant view ' || $1 || ' ' || $2, 0))", [
    String(repositoryId),
    name,
  ]);
  const [view] = await statements.rows<{ viewId: number }>(
    `INSERT INTO sextant.views (repository_id, name, chunker) VALUES ($1, $2, $3)
     ON CONFLICT (repository_id, name) DO UPDATE SET chunker = excluded.chunker
     RETURNING view_id AS "viewId"`,
    [repositoryId, name, chunker],
  );
  return view!.viewId;
}

interface Change {
  readonly added: readonly number[];
  readonly removed: readonly number[];
}

async function changeFiles(
  statements: Statements,
  repositoryId: number,
  viewId: number,
  fileIds: readonly number[],
): Promise<Change> {
  const values = [repositoryId, viewId, fileIds];
  const removed = await statements.rows<{ fileId: number }>(
    `DELETE FROM sextant.view_files WHERE repository_id = $1 AND view_id = $2 AND NOT file_id = ANY ($3::bigint[])
     RETURNING file_id AS "fileId"`,
    values,
  );
  const added = await statements.rows<{ fileId: number }>(
    `INSERT INTO sextant.view_files (repository_id, view_id, file_id)
     SELECT $1, $2, file_id FROM unnest($3::bigint[]) AS w (file_id) ON CONFLICT DO NOTHING
     RETURNING file_id AS "fileId"`,
    values,
  );
  return { added: added.map(({ fileId }) => fileId), removed: removed.map(({ fileId }) => fileId) };
}

function lengthsOfFiles(
  statements: Statements,
  repositoryId: number,
  fileIds: readonly number[],
): Promise<ChunkLength[]> {
  return statements.rows<ChunkLength>(
    `SELECT chunk_id AS "chunkId", length FROM sextant.chunks WHERE repository_id = $1 AND file_id = ANY ($2::bigint[])`,
    [repositoryId, fileIds],
  );
}

/** Writes the lengths of what came and zeroes for what went into the segments that hold it. */
async function writeLengths(
  statements: Statements,
  repositoryId: number,
  viewId: number,
  { added, removed }: Change,
): Promise<void> {
  const gone = await lengthsOfFiles(statements, repositoryId, removed);
  const come = await lengthsOfFiles(statements, repositoryId, added);
  const changes = [...gone.map(({ chunkId }) => ({ chunkId, length: 0 })), ...come];
  if (changes.length === 0) return;
  const bySegment = Map.groupBy(changes, ({ chunkId }) => Math.floor(chunkId / blockSize));
  const segments = await statements.rows<Segment>(
    `SELECT s.segment_id AS "segmentId", s.chunks AS used, v.lengths FROM sextant.segments s
     LEFT JOIN sextant.view_segments v ON v.repository_id = s.repository_id AND v.view_id = $2 AND v.segment_id = s.segment_id
     WHERE s.repository_id = $1 AND s.segment_id = ANY ($3::bigint[])`,
    [repositoryId, viewId, [...bySegment.keys()]],
  );
  const rows = segments.map(({ segmentId, used, lengths: bytes }) => {
    const lengths = lengthsFrom(bytes);
    for (const { chunkId, length } of bySegment.get(segmentId)!) lengths[chunkId % blockSize] = length;
    return { segmentId, used, lengths, alive: lengths.filter((length) => length > 0).length };
  });
  await statements.rows(
    `INSERT INTO sextant.view_segments (repository_id, view_id, segment_id, used, alive, tokens, lengths)
     SELECT $1, $2, * FROM unnest($3::bigint[], $4::integer[], $5::integer[], $6::bigint[], $7::bytea[])
     ON CONFLICT (repository_id, view_id, segment_id)
     DO UPDATE SET used = excluded.used, alive = excluded.alive, tokens = excluded.tokens, lengths = excluded.lengths`,
    [
      repositoryId,
      viewId,
      rows.map(({ segmentId }) => segmentId),
      rows.map(({ used }) => used),
      rows.map(({ alive }) => alive),
      rows.map(({ lengths }) => lengths.reduce((sum, length) => sum + length, 0)),
      rows.map(({ lengths }) => Buffer.from(lengths.buffer, lengths.byteOffset, lengths.byteLength)),
    ],
  );
  await statements.rows('DELETE FROM sextant.view_segments WHERE repository_id = $1 AND view_id = $2 AND alive = 0', [
    repositoryId,
    viewId,
  ]);
}

async function finish(
  statements: Statements,
  { repositoryId, model }: ViewTarget,
  viewId: number,
  changed: boolean,
): Promise<{ files: number; chunks: number; embedded: number }> {
  const { before, embedded } =
    model === undefined ? { before: 0, embedded: 0 } : await countEmbedded(statements, repositoryId, viewId, model);
  if (model !== undefined) await writeCodes(statements, repositoryId, viewId, model);
  const [view] = await statements.rows<{ files: number; chunks: number }>(
    `UPDATE sextant.views SET revision = revision + $3,
       files = (SELECT count(*) FROM sextant.view_files WHERE repository_id = $1 AND view_id = $2),
       chunks = (SELECT coalesce(sum(alive), 0) FROM sextant.view_segments WHERE repository_id = $1 AND view_id = $2)
     WHERE repository_id = $1 AND view_id = $2 RETURNING files, chunks`,
    [repositoryId, viewId, changed || before !== embedded ? 1 : 0],
  );
  return { ...view!, embedded };
}

async function countEmbedded(
  statements: Statements,
  repositoryId: number,
  viewId: number,
  { modelId }: SharedModel,
): Promise<{ before: number; embedded: number }> {
  const [known] = await statements.rows<{ embedded: number }>(
    'SELECT embedded FROM sextant.view_models WHERE repository_id = $1 AND view_id = $2 AND model_id = $3',
    [repositoryId, viewId, modelId],
  );
  const [row] = await statements.rows<{ embedded: number }>(
    `INSERT INTO sextant.view_models (repository_id, view_id, model_id, embedded)
     SELECT $1, $2, $3, count(*) FROM sextant.view_files f
     JOIN sextant.chunks c ON c.repository_id = f.repository_id AND c.file_id = f.file_id
     JOIN ${vectorTable(modelId)} v ON v.repository_id = c.repository_id AND v.text_hash = c.text_hash
     WHERE f.repository_id = $1 AND f.view_id = $2
     ON CONFLICT (repository_id, view_id, model_id) DO UPDATE SET embedded = excluded.embedded
     RETURNING embedded`,
    [repositoryId, viewId, modelId],
  );
  return { before: known?.embedded ?? 0, embedded: row!.embedded };
}
