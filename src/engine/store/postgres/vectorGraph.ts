import { setTimeout as delay } from 'node:timers/promises';
import type { PostgresConnection, Statements } from './postgresConnection.ts';
import { signsOf, vectorTable, type SharedModel } from './vectorTable.ts';

/** Below so many vectors of a repository a scan is as fast as a graph, and exact. */
const graphFrom = 20_000;
const progressEveryMs = 2000;
/** So long somebody else's turn is waited for, to make the graph of this repository or of another. */
const longestWaitMs = 30 * 60_000;
const askEveryMs = 1000;
/** In these a graph of a million vectors is made in memory; the server looks whether somebody still waits for it, which may take an hour. */
const buildSettings = [
  "SET maintenance_work_mem = '512MB'",
  'SET statement_timeout = 0',
  "SET client_connection_check_interval = '2s'",
];

export interface GraphOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called every other second with the blocks of the table that are in the graph, of how many; 0 of 0 while another graph is made first. */
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
  /** Vectors from which on there is a graph; the default is where it pays. */
  readonly from?: number;
}

/**
 * Gives a repository that has grown large a graph over the signs of its vectors (HNSW, Malkov and Yashunin 2016): one for each
 * repository, so that none is searched through the vectors of others. Made after the first load, which is many times faster than
 * growing it row by row, and beside other writers, who do not wait for it. Returns whether there is one now: there need not be where others'
 * took too long.
 * @throws SextantError of the connection; the signal's reason.
 */
export async function ensureGraph(
  connection: PostgresConnection,
  repositoryId: number,
  model: SharedModel,
  { signal, onProgress, from = graphFrom }: GraphOptions = {},
): Promise<boolean> {
  const { modelId, dimension } = model;
  const table = vectorTable(modelId);
  const name = `vectors_${modelId}_graph_${repositoryId}`;
  if ((await isWhole(connection, name)) === true) return true;
  const [counted] = await connection.rows<{ count: number }>(
    `SELECT count(*) AS count FROM ${table} WHERE repository_id = $1`,
    [repositoryId],
  );
  if (counted!.count < from) return false;
  const timer = setInterval(() => void reportBuild(connection, name, onProgress), progressEveryMs);
  try {
    return await connection.session(async (statements) => {
      if (!(await ownTurn(statements, table, signal, () => onProgress?.(0, 0)))) return false;
      const whole = await isWhole(statements, name);
      if (whole === true) return true;
      // A pooler or an older server may know none of them.
      for (const setting of buildSettings) await statements.rows(setting).catch(() => undefined);
      // Its making was cut, for nobody else is at it.
      if (whole === false) await statements.rows(`DROP INDEX CONCURRENTLY IF EXISTS sextant.${name}`);
      await statements.rows(
        `CREATE INDEX CONCURRENTLY IF NOT EXISTS ${name} ON ${table}
         USING hnsw ((${signsOf('vector', dimension)}) bit_hamming_ops) WITH (m = 16, ef_construction = 64)
         WHERE repository_id = ${repositoryId}`,
      );
      return true;
    }, signal);
  } finally {
    clearInterval(timer);
  }
}

/**
 * Waits until nobody else makes a graph over the table, for the session's time: two would be in each other's way, and the server would end
 * one of them. Asked again and again, for whoever waits within a statement is waited for by the other.
 */
async function ownTurn(
  statements: Statements,
  table: string,
  signal: AbortSignal | undefined,
  onWait: () => void,
): Promise<boolean> {
  const deadline = performance.now() + longestWaitMs;
  while (performance.now() < deadline) {
    const [lock] = await statements.rows<{ ours: boolean }>(
      "SELECT pg_try_advisory_lock(hashtextextended('sextant graph ' || $1, 0)) AS ours",
      [table],
    );
    if (lock!.ours) return true;
    onWait();
    await delay(askEveryMs, undefined, { signal });
  }
  return false;
}

/** Undefined where there is none; false for one that is being made, or whose making was cut. */
async function isWhole(statements: Statements, name: string): Promise<boolean | undefined> {
  const [graph] = await statements.rows<{ whole: boolean }>(
    'SELECT indisvalid AS whole FROM pg_index WHERE indexrelid = to_regclass($1)',
    [`sextant.${name}`],
  );
  return graph?.whole;
}

async function reportBuild(
  statements: Statements,
  name: string,
  onProgress: GraphOptions['onProgress'],
): Promise<void> {
  // Where it cannot be told, nothing is.
  const [build] = await statements
    .rows<{ done: number; total: number }>(
      `SELECT blocks_done AS done, blocks_total AS total FROM pg_stat_progress_create_index
       WHERE index_relid = to_regclass($1) AND blocks_total > 0`,
      [`sextant.${name}`],
    )
    .catch(() => []);
  if (build !== undefined) onProgress?.(build.done, build.total);
}
