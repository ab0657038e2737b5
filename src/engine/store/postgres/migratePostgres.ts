import { SextantError } from '../../../shared/errors.ts';
import { sql as sql001 } from './migrations/001.ts';
import { sql as sql002 } from './migrations/002.ts';
import { sql as sql003 } from './migrations/003.ts';
import type { PostgresConnection, Statements } from './postgresConnection.ts';

/** In order; `sextant.migrations` counts how many were applied. A migration is never edited once released. */
const migrations: readonly string[] = [sql001, sql002, sql003];

export const sharedSchemaVersion = migrations.length;
/** What came since only shortens the way to what is there, so the index of an older Sextant is searched as well. */
const oldestSearchable = 2;

/** Held while the schema is changed; "sextant" in ASCII. */
export const schemaLock = '32484706925899380';

async function versionOf(statements: Statements): Promise<number> {
  const [known] = await statements.rows<{ present: boolean }>(
    "SELECT to_regclass('sextant.migrations') IS NOT NULL AS present",
  );
  if (known?.present !== true) return 0;
  const [row] = await statements.rows<{ version: number }>(
    'SELECT coalesce(max(version), 0) AS version FROM sextant.migrations',
  );
  return row!.version;
}

function checkNotNewer(version: number): void {
  if (version <= sharedSchemaVersion) return;
  throw new SextantError(
    'database_too_new',
    `The shared index was written by a newer Sextant (format ${version}, this one knows ${sharedSchemaVersion}).`,
    { hint: 'Update Sextant.' },
  );
}

/**
 * For those who only read: @throws SextantError `index_missing` where there is no schema or one too old, `database_too_new` for
 * one of a newer Sextant.
 */
export async function checkPostgresSchema(statements: Statements): Promise<void> {
  const version = await versionOf(statements);
  checkNotNewer(version);
  if (version >= oldestSearchable) return;
  throw new SextantError('index_missing', 'The shared index is not set up for this version of Sextant.', {
    hint: 'Run `sextant index DIR --store URL` once with the rights to create it.',
  });
}

/**
 * Brings the schema up to date, in one transaction; whoever else tries waits.
 * @throws SextantError `database_too_new`, `access_denied`; `runtime_unavailable` where the server lacks pgvector.
 */
export async function migratePostgres(connection: PostgresConnection): Promise<void> {
  if ((await versionOf(connection)) === sharedSchemaVersion) return;
  await connection.transaction(async (statements) => {
    await statements.rows('SELECT pg_advisory_xact_lock($1)', [schemaLock]);
    const version = await versionOf(statements);
    checkNotNewer(version);
    if (version === 0) await create(statements);
    for (let next = version; next < sharedSchemaVersion; next += 1) {
      await statements.rows(migrations[next]!);
      await statements.rows('INSERT INTO sextant.migrations (version) VALUES ($1)', [next + 1]);
    }
  });
}

async function create(statements: Statements): Promise<void> {
  await statements.rows('CREATE SCHEMA IF NOT EXISTS sextant');
  await statements.rows('CREATE TABLE sextant.migrations (version integer PRIMARY KEY)');
  try {
    await statements.rows('CREATE EXTENSION IF NOT EXISTS vector');
  } catch (cause) {
    throw new SextantError(
      'runtime_unavailable',
      'The PostgreSQL server has no pgvector, or does not let it be used.',
      {
        hint: 'Install pgvector 0.8 or newer and run CREATE EXTENSION vector as an administrator.',
        cause,
      },
    );
  }
}
