/**
 * Who may see a repository. A role sees the rows of the repositories that `members` gives it or a role it belongs to, and writes where
 * `may_write` says so; the owner of the tables sees everything. The list of repositories is found once a statement, not once a row.
 */
const readable = `(SELECT m.repository_id FROM sextant.members m WHERE pg_has_role(current_user, m.role_name, 'MEMBER'))`;
const writable = `(SELECT m.repository_id FROM sextant.members m WHERE m.may_write AND pg_has_role(current_user, m.role_name, 'MEMBER'))`;

export const protectedTables = [
  'repositories',
  'segments',
  'files',
  'chunks',
  'symbols',
  'postings',
  'views',
  'view_files',
  'view_segments',
  'view_models',
] as const;

/** Row-level security for a table whose rows have a `repository_id`. */
export function protect(table: string): string {
  return `
    ALTER TABLE sextant.${table} ENABLE ROW LEVEL SECURITY;
    CREATE POLICY read_own ON sextant.${table} FOR SELECT USING (repository_id = ANY (ARRAY ${readable}));
    CREATE POLICY write_own ON sextant.${table} FOR ALL
      USING (repository_id = ANY (ARRAY ${writable})) WITH CHECK (repository_id = ANY (ARRAY ${writable}));
  `;
}

export const sql = `
CREATE TABLE sextant.members (
  repository_id bigint NOT NULL REFERENCES sextant.repositories ON DELETE CASCADE,
  role_name name NOT NULL,
  may_write boolean NOT NULL DEFAULT false,
  PRIMARY KEY (repository_id, role_name)
);
${protectedTables.map(protect).join('\n')}
`;
