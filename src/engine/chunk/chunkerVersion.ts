/**
 * Part of every model fingerprint: raise it when the same file would give other chunks or another embedding text, so
 * that old and new are never mixed.
 */
export const chunkerVersion = 1;
