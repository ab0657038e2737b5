import { SextantError } from '../../shared/errors.ts';
import type { PublishSummary, TeamSettings } from '../../shared/team.ts';
import { chunkerVersion } from '../chunk/chunkerVersion.ts';
import type { ModelIdentity } from '../store/catalog.ts';
import { checkPostgresSchema, migratePostgres } from '../store/postgres/migratePostgres.ts';
import { PostgresConnection, type ConnectionOptions } from '../store/postgres/postgresConnection.ts';
import { SharedIndex } from '../store/postgres/sharedIndex.ts';
import { ensureModel } from '../store/postgres/vectorTable.ts';
import type { RootStore } from '../store/rootStore.ts';
import { codeTokens } from '../text/codeTokens.ts';
import { publishIndex } from './publishIndex.ts';

export interface PublishRequest {
  readonly store: RootStore;
  readonly repository: string;
  readonly view: string;
  /** Whose vectors are shared; undefined for words alone. */
  readonly model: ModelIdentity | undefined;
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number, total: number) => void;
}

/** A shared index on PostgreSQL, with its connections. Owned and closed by whoever made it. */
export class SharedStore {
  readonly #connection: PostgresConnection;
  #schemaChecked: Promise<void> | undefined;

  /** Connects with the first request. @throws SextantError `invalid_argument` for an address that is none. */
  constructor({ url, password }: Pick<TeamSettings, 'url' | 'password'>, options?: ConnectionOptions) {
    this.#connection = new PostgresConnection(withPassword(url, password), options);
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
    const result = await publishIndex({ ...target, store, connection, view, codeTokens, signal, onProgress });
    const { files, chunks, embedded, newFiles, removed, withheld } = result;
    const seconds = (performance.now() - started) / 1000;
    return { repository, view, files, chunks, embedded, added: newFiles, removed, withheld, seconds };
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

  close(): Promise<void> {
    return this.#connection.close();
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
