import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { TestContext } from 'node:test';
import pg from 'pg';

const entry = path.join(import.meta.dirname, 'pgliteServer.ts');

/** A PostgreSQL with pgvector for tests. */
export interface TestPostgres {
  readonly url: string;
  /** One for the server in a process, which has one session for everybody. */
  readonly connections: number;
  /** As if the power had failed. */
  kill(): Promise<void>;
  /** With what it had before. */
  restart(): Promise<void>;
  /** Kills it and removes what it had. */
  stop(): Promise<void>;
}

/** PostgreSQL compiled to WebAssembly, in a process of its own; whoever asked stops it. */
export async function pgliteServer(): Promise<TestPostgres> {
  const base = await mkdtemp(path.join(tmpdir(), 'sextant-pglite-'));
  const folder = path.join(base, 'data');
  let child: ChildProcess | undefined;
  const start = async (port: number): Promise<number> => {
    child = spawn(process.execPath, [entry, folder, String(port)], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = (await once(child.stdout!, 'data')) as [Buffer];
    return Number(line.toString());
  };
  const kill = async (): Promise<void> => {
    const running = child;
    child = undefined;
    if (running === undefined) return;
    const ended = once(running, 'exit');
    running.kill('SIGKILL');
    await ended;
  };
  const port = await start(0);
  return {
    url: `postgres://postgres@127.0.0.1:${port}/postgres?sslmode=disable`,
    connections: 1,
    kill,
    restart: async () => {
      await start(port);
    },
    stop: async () => {
      await kill();
      await rm(base, { recursive: true, force: true });
    },
  };
}

/** The server that SEXTANT_TEST_POSTGRES names, such as `postgres://user@host/postgres`; undefined without it. */
export const realPostgres = process.env['SEXTANT_TEST_POSTGRES'];

/** A database of its own on the server that SEXTANT_TEST_POSTGRES names. */
export async function realDatabase(t: TestContext, server: string): Promise<string> {
  const name = `sextant_test_${process.pid}_${Math.floor(performance.now() * 1000)}`;
  const administer = async (sql: string): Promise<void> => {
    const client = new pg.Client(server);
    await client.connect();
    await client.query(sql);
    await client.end();
  };
  await administer(`CREATE DATABASE ${name}`);
  t.after(() => administer(`DROP DATABASE ${name} WITH (FORCE)`));
  const url = new URL(server);
  url.pathname = `/${name}`;
  return url.href;
}

/** What a statement gives on a connection of its own. */
export async function rowsOf<T extends object = Record<string, unknown>>(url: string, sql: string): Promise<T[]> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    return (await client.query<T & pg.QueryResultRow>(sql)).rows;
  } finally {
    await client.end();
  }
}
