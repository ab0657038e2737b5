/** Files that a shared index answers for are left out with the hash of their content, to see when it has another one. */
export const sql = `
ALTER TABLE skipped_files ADD COLUMN content_hash TEXT;
`;
