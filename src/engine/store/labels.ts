import type { Sqlite, Statement } from './sqlite.ts';

/** Languages, kinds and scopes as small numbers, so that rows stay narrow and vec0 can filter by them. */
export class Labels {
  readonly #insert: Statement;
  readonly #select: Statement;
  readonly #byId: Statement;
  readonly #ids = new Map<string, number>();
  readonly #names = new Map<number, string>();

  constructor(db: Sqlite) {
    this.#insert = db.prepare('INSERT INTO labels (name) VALUES (?) ON CONFLICT DO NOTHING');
    this.#select = db.prepare('SELECT id FROM labels WHERE name = ?').pluck();
    this.#byId = db.prepare('SELECT name FROM labels WHERE id = ?').pluck();
  }

  /** The number of `name`, made when there is none yet. Call within the transaction that uses it. */
  intern(name: string): number {
    const known = this.find(name);
    if (known !== undefined) return known;
    this.#insert.run(name);
    return this.find(name)!;
  }

  /** The number of `name`; undefined when no row carries it. */
  find(name: string): number | undefined {
    const known = this.#ids.get(name);
    if (known !== undefined) return known;
    const id = this.#select.get(name) as number | undefined;
    if (id !== undefined) this.#ids.set(name, id);
    return id;
  }

  nameOf(id: number): string {
    const known = this.#names.get(id);
    if (known !== undefined) return known;
    const name = this.#byId.get(id) as string;
    this.#names.set(id, name);
    return name;
  }

  /** After a rollback: what was interned in the lost transaction is not there. */
  forget(): void {
    this.#ids.clear();
    this.#names.clear();
  }
}
