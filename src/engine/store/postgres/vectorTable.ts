import type { ModelIdentity } from '../catalog.ts';
import { protect } from './migrations/002.ts';
import { schemaLock } from './migratePostgres.ts';
import type { PostgresConnection, Statements } from './postgresConnection.ts';

export interface SharedModel {
  readonly modelId: number;
  readonly dimension: number;
}

/** Vectors of one model, by the hash of the embedded text: a table for each, for its columns have the model's dimension. */
export function vectorTable(modelId: number): string {
  return `sextant.vectors_${modelId}`;
}

/** Signs of a stored or given vector as pgvector's bits; the same expression must stand in index and query. */
export function signsOf(vector: string, dimension: number): string {
  return `binary_quantize(${vector})::bit(${dimension})`;
}

export async function findModel(statements: Statements, fingerprint: string): Promise<SharedModel | undefined> {
  const [row] = await statements.rows<SharedModel>(
    'SELECT model_id AS "modelId", dimension FROM sextant.models WHERE fingerprint = $1',
    [fingerprint],
  );
  return row;
}

/** The model with its table, made when there is none. Vectors are whole numbers as `vectorCodec.ts` has them; halfvec holds them exactly. */
export async function ensureModel(connection: PostgresConnection, model: ModelIdentity): Promise<SharedModel> {
  const known = await findModel(connection, model.fingerprint);
  if (known !== undefined) return known;
  return connection.transaction(async (statements) => {
    await statements.rows('SELECT pg_advisory_xact_lock($1)', [schemaLock]);
    const meanwhile = await findModel(statements, model.fingerprint);
    if (meanwhile !== undefined) return meanwhile;
    const [row] = await statements.rows<{ modelId: number }>(
      'INSERT INTO sextant.models (fingerprint, name, dimension) VALUES ($1, $2, $3) RETURNING model_id AS "modelId"',
      [model.fingerprint, model.name, model.dimension],
    );
    const { modelId } = row!;
    await statements.rows(
      `CREATE TABLE ${vectorTable(modelId)} (
         repository_id bigint NOT NULL REFERENCES sextant.repositories,
         text_hash bytea NOT NULL,
         vector halfvec(${model.dimension}) NOT NULL,
         PRIMARY KEY (repository_id, text_hash)
       )`,
    );
    await statements.rows(protect(`vectors_${modelId}`));
    return { modelId, dimension: model.dimension };
  });
}
