import { SextantError } from '../../shared/errors.ts';
import { sql as sql001 } from './migrations/001.ts';
import { sql as sql002 } from './migrations/002.ts';
import { sql as sql003 } from './migrations/003.ts';
import type { Sqlite } from './sqlite.ts';

/** In order; `user_version` counts how many were applied. A migration is never edited once released. */
const migrations: readonly string[] = [sql001, sql002, sql003];

/** The `user_version` of a database that this build writes. */
export const schemaVersion = migrations.length;

function userVersion(db: Sqlite): number {
  return Number(db.pragma('user_version', { simple: true }));
}

/**
 * Brings the schema up to date, each step in a transaction of its own.
 * @throws SextantError `database_too_new` where a newer Sextant wrote the file; the file is left as it is.
 */
export function migrate(db: Sqlite): void {
  if (userVersion(db) > schemaVersion) {
    throw new SextantError(
      'database_too_new',
      `The index was written by a newer Sextant (format ${userVersion(db)}, this one knows ${schemaVersion}).`,
      { hint: 'Update Sextant, or clear the index to build it again.' },
    );
  }
  for (let version = userVersion(db); version < schemaVersion; version += 1) {
    db.transaction(() => {
      // Another process may have been here between the check and this lock.
      if (userVersion(db) !== version) return;
      db.exec(migrations[version]!);
      db.pragma(`user_version = ${version + 1}`);
    }).immediate();
  }
}
