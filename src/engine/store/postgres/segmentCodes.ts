import { blockSize } from '../postingCodec.ts';
import { bigintArray } from './binaryArray.ts';
import type { Statements } from './postgresConnection.ts';
import { signsOf, vectorTable, type SharedModel } from './vectorTable.ts';

/** Of each chunk of a segment that has a vector: its place in the segment, the hash of its text, and the signs of the vector. */
const placeBytes = 2;
export const hashBytes = 16;
/** `bit_send` puts the number of bits before them. */
const bitCountBytes = 4;

function codesOf({ modelId, dimension }: SharedModel, segments: string): string {
  return `SELECT s.segment_id, count(*) AS embedded, string_agg(
      int2send((c.chunk_id - s.segment_id * ${blockSize})::smallint) || c.text_hash
        || substr(bit_send(${signsOf('v.vector', dimension)}), ${bitCountBytes + 1}), ''::bytea) AS codes
    FROM ${segments}
    JOIN sextant.chunks c ON c.repository_id = $1
      AND c.chunk_id >= s.segment_id * ${blockSize} AND c.chunk_id < (s.segment_id + 1) * ${blockSize}
    JOIN ${vectorTable(modelId)} v ON v.repository_id = $1 AND v.text_hash = c.text_hash
    GROUP BY s.segment_id`;
}

/** False in the index of an older Sextant too, and for whoever was given rights before the table came. */
async function mayUseCodes(statements: Statements, ...rights: readonly string[]): Promise<boolean> {
  const [row] = await statements.rows<{ allowed: boolean | null }>(
    `SELECT bool_and(has_table_privilege(to_regclass('sextant.segment_codes')::oid, w.wanted)) AS allowed
     FROM unnest($1::text[]) AS w (wanted)`,
    [rights],
  );
  return row?.allowed === true;
}

/** Writes the codes of the view's segments that have none yet, or more vectors than when they were written. */
export async function writeCodes(
  statements: Statements,
  repositoryId: number,
  viewId: number,
  model: SharedModel,
): Promise<void> {
  if (!(await mayUseCodes(statements, 'SELECT', 'INSERT', 'UPDATE'))) return;
  // All segments of a large index at once take longer than a search may.
  await statements.rows('SET LOCAL statement_timeout = 0');
  const incomplete = `sextant.view_segments s
    JOIN sextant.segments w ON w.repository_id = s.repository_id AND w.segment_id = s.segment_id
    LEFT JOIN sextant.segment_codes k
      ON k.repository_id = s.repository_id AND k.segment_id = s.segment_id AND k.model_id = $3`;
  await statements.rows(
    `INSERT INTO sextant.segment_codes AS known (repository_id, segment_id, model_id, embedded, codes)
     SELECT $1, n.segment_id, $3, n.embedded, n.codes FROM (
       ${codesOf(
         model,
         `(SELECT s.segment_id FROM ${incomplete}
         WHERE s.repository_id = $1 AND s.view_id = $2 AND coalesce(k.embedded, -1) < w.chunks) s`,
       )}) n
     ORDER BY n.segment_id
     ON CONFLICT (repository_id, segment_id, model_id) DO UPDATE SET embedded = excluded.embedded, codes = excluded.codes
       WHERE known.embedded < excluded.embedded`,
    [repositoryId, viewId, model.modelId],
  );
}

interface CodesRow {
  readonly segment: number;
  /** In base64, which takes two thirds of the way that the driver's own hexadecimal form does. */
  readonly codes: string;
}

async function writtenCodes(
  statements: Statements,
  repositoryId: number,
  { modelId }: SharedModel,
  segments: readonly number[],
): Promise<CodesRow[]> {
  if (!(await mayUseCodes(statements, 'SELECT'))) return [];
  return statements.rows<CodesRow>(
    `SELECT segment_id AS segment, encode(codes, 'base64') AS codes FROM sextant.segment_codes
     WHERE repository_id = $1 AND model_id = $2 AND segment_id = ANY ($3::bigint[])`,
    [repositoryId, modelId, bigintArray(segments)],
    'codes',
  );
}

/** Codes by segment. Those that nobody wrote are worked out. */
export async function readCodes(
  statements: Statements,
  repositoryId: number,
  model: SharedModel,
  segments: readonly number[],
): Promise<Map<number, Buffer>> {
  const written = await writtenCodes(statements, repositoryId, model, segments);
  const known = new Map(written.map(({ segment, codes }) => [segment, Buffer.from(codes, 'base64')]));
  const missing = segments.filter((segment) => !known.has(segment));
  if (missing.length === 0) return known;
  const workedOut = await statements.rows<CodesRow>(
    `SELECT n.segment_id AS segment, encode(n.codes, 'base64') AS codes FROM (
       ${codesOf(model, 'unnest($2::bigint[]) AS s (segment_id)')}) n`,
    [repositoryId, bigintArray(missing)],
    `codes_${model.modelId}`,
  );
  for (const { segment, codes } of workedOut) known.set(segment, Buffer.from(codes, 'base64'));
  return known;
}

/** Calls back with what {@link readCodes} gives of one segment. */
export function forEachCode(
  codes: Uint8Array,
  { dimension }: SharedModel,
  visit: (place: number, textHash: Uint8Array, signs: Uint8Array) => void,
): void {
  const bytes = placeBytes + hashBytes + Math.ceil(dimension / 8);
  for (let at = 0; at + bytes <= codes.length; at += bytes) {
    const signsAt = at + placeBytes + hashBytes;
    visit(
      (codes[at]! << 8) | codes[at + 1]!,
      codes.subarray(at + placeBytes, signsAt),
      codes.subarray(signsAt, at + bytes),
    );
  }
}
