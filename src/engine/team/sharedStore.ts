import { SextantError } from '../../shared/errors.ts';
import type { PublishProgress, PublishSummary, TeamSettings } from '../../shared/team.ts';
import { chunkerVersion } from '../chunk/chunkerVersion.ts';
import type { ModelIdentity } from '../store/catalog.ts';
import { checkPostgresSchema, migratePostgres } from '../store/postgres/migratePostgres.ts';
import { PostgresConnection, type ConnectionOptions } from '../store/postgres/postgresConnection.ts';
import { SharedIndex } from '../store/postgres/sharedIndex.ts';
import { listView, type ViewSnapshot } from '../store/postgres/sharedView.ts';
import { ensureModel, findModel, vectorTable } from '../store/postgres/vectorTable.ts';
import type { StoredEmbedding } from '../store/embeddingWriter.ts';
import { storedFromHalf } from '../store/postgres/halfVector.ts';
import type { RootStore } from '../store/rootStore.ts';
import { publishIndex } from './publishIndex.ts';

export interface PublishRequest {
  readonly store: RootStore;
  readonly repository: string;
  readonly view: string;
  /** Whose vectors are shared; undefined for words alone. */
  readonly model: ModelIdentity | undefined;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: PublishProgress) => void;
}

/** A shared index on PostgreSQL, with its connections. Owned and closed by whoever made it. */
export class SharedStore {
  readonly #connection: PostgresConnection;
  #schemaChecked: Promise<void> | undefined;

  /** Connects with the first request. @throws SextantError `invalid_argument` for an address that is none. */
  constructor(
    { url, password, connections }: Pick<TeamSettings, 'url' | 'password' | 'connections'>,
    options?: ConnectionOptions,
  ) {
    const most = connections === undefined ? {} : { connections };
    this.#connection = new PostgresConnection(withPassword(url, password), { ...options, ...most });
  }

  get host(): string {
    return this.#connection.host;
  }

  /**
   * Makes the view show what the folder's index has. Sets the schema up where it is missing.
   * @throws SextantError `store_offline`, `access_denied`, `database_too_new`, `runtime_unavailable`; the signal's reason.
   */
  async publish(request: PublishRequest): Promise<PublishSummary> {
    const started = performance.now();
    const { repository, view, store, signal, onProgress } = request;
    const connection = this.#connection;
    await migratePostgres(connection);
    const repositoryId = await this.#ensureRepository(repository);
    const model = request.model === undefined ? undefined : await ensureModel(connection, request.model);
    const target = { repositoryId, chunker: String(chunkerVersion), model };
    const result = await publishIndex({ ...target, store, connection, view, signal, onProgress });
    const { files, chunks, embedded, newFiles, removed, withheld, graphFailure } = result;
    const seconds = (performance.now() - started) / 1000;
    const summary = { repository, view, files, chunks, embedded, added: newFiles, removed, withheld, seconds };
    return graphFailure === undefined ? summary : { ...summary, graphFailure };
  }

  /** The reading side of a view for queries of one model. @throws SextantError of {@link checkPostgresSchema}. */
  async index(repository: string, view: string, fingerprint: string | undefined): Promise<SharedIndex> {
    this.#schemaChecked ??= checkPostgresSchema(this.#connection);
    try {
      await this.#schemaChecked;
    } catch (error) {
      this.#schemaChecked = undefined;
      throw error;
    }
    return new SharedIndex(this.#connection, { repository, view }, fingerprint);
  }

  /** Files of a view that are shared whole: hash of the content by path. Empty where the view was cut by another chunker or is not there. */
  async listing(repository: string, view: string): Promise<Map<string, string>> {
    const { repositoryId, viewId, chunker } = await this.#snapshotOf(repository, view);
    if (chunker !== String(chunkerVersion)) return new Map();
    const rows = await listView(this.#connection, repositoryId, viewId);
    return new Map(rows.flatMap(({ path, contentHash, withheld }) => (withheld === 0 ? [[path, contentHash]] : [])));
  }

  /** Vectors of texts by the model with this fingerprint, as far as they are there. */
  async vectors(repository: string, fingerprint: string, textHashes: readonly Buffer[]): Promise<StoredEmbedding[]> {
    await checkPostgresSchema(this.#connection);
    const model = await findModel(this.#connection, fingerprint);
    if (model === undefined) return [];
    const rows = await this.#connection.rows<{ textHash: Buffer; vector: Buffer }>(
      `SELECT v.text_hash AS "textHash", halfvec_send(v.vector) AS vector
       FROM sextant.repositories r JOIN ${vectorTable(model.modelId)} v ON v.repository_id = r.repository_id
       WHERE r.name = $1 AND v.text_hash = ANY ($2::bytea[])`,
      [repository, textHashes],
    );
    return rows.map(({ textHash, vector }) => ({ textHash, bodyHash: null, vector: storedFromHalf(vector) }));
  }

  close(): Promise<void> {
    return this.#connection.close();
  }

  async #snapshotOf(repository: string, view: string): Promise<ViewSnapshot> {
    return (await this.index(repository, view, undefined)).snapshot();
  }

  async #ensureRepository(name: string): Promise<number> {
    const find = async (): Promise<number | undefined> => {
      const rows = await this.#connection.rows<{ id: number }>(
        'SELECT repository_id AS id FROM sextant.repositories WHERE name = $1',
        [name],
      );
      return rows[0]?.id;
    };
    const known = await find();
    if (known !== undefined) return known;
    await this.#connection.rows('INSERT INTO sextant.repositories (name) VALUES ($1) ON CONFLICT DO NOTHING', [name]);
    const made = await find();
    if (made !== undefined) return made;
    throw new SextantError('access_denied', `This user may not see “${name}” in the shared index.`, {
      hint: 'The owner of the index adds the user’s role to sextant.members.',
    });
  }
}

function withPassword(address: string, password: string | undefined): string {
  const url = URL.parse(address);
  if (url === null || password === undefined || password === '') return address;
  url.password = password;
  return url.href;
}
