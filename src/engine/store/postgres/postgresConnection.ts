import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { SextantError } from '../../../shared/errors.ts';

export type Row = Record<string, unknown>;

export interface ConnectionOptions {
  /** Connections at the same time, at most. */
  readonly connections?: number;
  readonly connectTimeoutMs?: number;
  readonly statementTimeoutMs?: number;
}

/** Ids and counts stay below 2^53, so they are read as numbers. */
const types = new pg.TypeOverrides();
types.setTypeParser(pg.types.builtins.INT8, Number);

/**
 * How far the graph is searched, so that nearly all of the nearest are found, and farther where a filter leaves too few; no compiling
 * of statements that take milliseconds.
 */
const sessionSettings = `SET hnsw.ef_search = 256; SET hnsw.iterative_scan = 'strict_order'; SET jit = off`;

/** The pool waits for it before it hands the connection out. A server that knows none of the settings works all the same. */
function prepareSession(client: pg.ClientBase): unknown {
  // A line that breaks within a transaction fails its next statement.
  client.on('error', () => undefined);
  return client.query(sessionSettings).catch(() => undefined);
}

/** Runs statements; a transaction is one too. Statements with a name are prepared once a connection. */
export interface Statements {
  /** `name` must stand for this text alone. @throws SextantError, see {@link translatePostgresError}. */
  rows<T extends object = Row>(sql: string, values?: readonly unknown[], name?: string): Promise<T[]>;
}

/** `tag` keeps names apart where a pooler between us and the server gives one session to several of us. */
function statements(client: pg.ClientBase | pg.Pool, host: string, tag: string): Statements {
  return {
    async rows<T extends object>(sql: string, values: readonly unknown[] = [], name?: string): Promise<T[]> {
      try {
        const config = { text: sql, values: [...values], ...(name === undefined ? {} : { name: `${tag}_${name}` }) };
        return (await client.query<T & pg.QueryResultRow>(config)).rows;
      } catch (error) {
        throw translatePostgresError(error, host);
      }
    },
  };
}

/** Connections to one PostgreSQL server. Nothing connects before the first statement. */
export class PostgresConnection implements Statements {
  readonly host: string;
  readonly #pool: pg.Pool;
  readonly #tag = randomUUID().slice(0, 8);
  readonly #statements: Statements;

  /** @throws SextantError `invalid_argument` for an address that is none. */
  constructor(address: string, options: ConnectionOptions = {}) {
    const url = URL.parse(address);
    if (url === null || !['postgres:', 'postgresql:'].includes(url.protocol)) {
      throw new SextantError('invalid_argument', 'The address of the shared index is none of PostgreSQL.', {
        hint: 'Give one like postgres://user@host:5432/database; the password in PGPASSWORD or the secret storage.',
      });
    }
    this.host = url.host === '' ? 'the local server' : url.host;
    this.#pool = new pg.Pool({
      connectionString: address,
      max: options.connections ?? 8,
      connectionTimeoutMillis: options.connectTimeoutMs ?? 10_000,
      statement_timeout: options.statementTimeoutMs ?? 120_000,
      keepAlive: true,
      idleTimeoutMillis: 60_000,
      application_name: 'sextant',
      types,
      onConnect: prepareSession,
    });
    // A connection that breaks while idle is replaced with the next statement, which reports what is wrong.
    this.#pool.on('error', () => undefined);
    this.#statements = statements(this.#pool, this.host, this.#tag);
  }

  rows<T extends object = Row>(sql: string, values?: readonly unknown[], name?: string): Promise<T[]> {
    return this.#statements.rows<T>(sql, values, name);
  }

  /** All or nothing. Begun anew where the server says that another transaction was in the way. */
  async transaction<T>(work: (statements: Statements) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#transaction(work);
      } catch (error) {
        if (attempt >= 5 || !isConflict(error)) throw error;
      }
    }
  }

  /**
   * Statements one by one, outside of any transaction, on a line of its own: it is cut at the end, so nothing that was set is left (but for a
   * pooler that hands sessions on between statements), and when the signal is aborted, upon which a server that looks after its clients gives
   * up what it does.
   * @throws SextantError, see {@link translatePostgresError}; the signal's reason.
   */
  async session<T>(work: (statements: Statements) => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    signal?.throwIfAborted();
    let client: pg.PoolClient | undefined;
    const cut = (): void => {
      client?.release(true);
      client = undefined;
    };
    signal?.addEventListener('abort', cut);
    try {
      client = await this.#connect();
      // While it was being connected.
      signal?.throwIfAborted();
      return await work(statements(client, this.host, this.#tag));
    } catch (error) {
      signal?.throwIfAborted();
      throw error;
    } finally {
      signal?.removeEventListener('abort', cut);
      cut();
    }
  }

  async close(): Promise<void> {
    await this.#pool.end();
  }

  async #connect(): Promise<pg.PoolClient> {
    try {
      return await this.#pool.connect();
    } catch (error) {
      throw translatePostgresError(error, this.host);
    }
  }

  async #transaction<T>(work: (statements: Statements) => Promise<T>): Promise<T> {
    const client = await this.#connect();
    const inside = statements(client, this.host, this.#tag);
    let broken: Error | undefined;
    try {
      await inside.rows('BEGIN');
      const result = await work(inside);
      await inside.rows('COMMIT');
      return result;
    } catch (error) {
      await client.query('ROLLBACK').catch((failure: unknown) => {
        broken = failure instanceof Error ? failure : new Error(String(failure));
      });
      throw error;
    } finally {
      client.release(broken);
    }
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

/** Serialisation failures and deadlocks (PostgreSQL, appendix A): the transaction did nothing and may be tried again. */
function isConflict(error: unknown): boolean {
  const cause = error instanceof SextantError ? error.cause : error;
  return ['40001', '40P01'].includes(codeOf(cause));
}

/** The line is down, or the server is going or coming, or has no time (classes 08 and 57, and 53300: too many connections). */
function isOffline(error: unknown): boolean {
  const code = codeOf(error);
  if (/^(?:08|57P|57014|53300)/.test(code) || /^E[A-Z]+$/.test(code)) return true;
  const message = error instanceof Error ? error.message : '';
  return /terminat|timeout|ended|closed|not queryable|ECONN/i.test(message) && !/^[0-9A-Z]{5}$/.test(code);
}

/** What the server or the way to it says, in our terms; passwords are in none of it. */
export function translatePostgresError(error: unknown, host: string): unknown {
  if (error instanceof SextantError) return error;
  const code = codeOf(error);
  const message = error instanceof Error ? error.message : String(error);
  const cause = { cause: error };
  if (isOffline(error)) {
    return new SextantError('store_offline', `The shared index at ${host} cannot be reached (${code || message}).`, {
      hint: 'What is indexed on this machine is searched meanwhile; a run that was cut goes on where it was.',
      ...cause,
    });
  }
  if (code.startsWith('28') || code === '42501') {
    return new SextantError(
      'access_denied',
      `The shared index at ${host} does not let this user do that: ${message}.`,
      {
        hint: 'Check user and password (PGPASSWORD for the command line), and the rights on the schema “sextant”.',
        ...cause,
      },
    );
  }
  if (code === '53100') return new SextantError('disk_full', `The disk of ${host} is full.`, cause);
  if (code === '3D000' || code === '3F000' || code === '42P01') {
    return new SextantError('index_missing', `There is no shared index at ${host}: ${message}.`, {
      hint: 'Make it with `sextant index DIR --store URL`.',
      ...cause,
    });
  }
  return error;
}
