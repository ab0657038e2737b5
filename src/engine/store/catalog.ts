import { SextantError } from '../../shared/errors.ts';
import { StatementCache, type Connection, type Sqlite } from './sqlite.ts';
import { createKeywordTables, createVectorTable, dropKeywordTables, dropVectorTable } from './searchTables.ts';

export interface ModelIdentity {
  readonly fingerprint: string;
  readonly name: string;
  readonly dimension: number;
}

export interface ChunkSet {
  readonly id: number;
  readonly chunkerVersion: string;
  readonly state: 'serving' | 'building';
}

export interface Generation {
  readonly id: number;
  readonly chunkSetId: number;
  readonly modelId: number;
  readonly fingerprint: string;
  readonly dimension: number;
  readonly state: 'serving' | 'building';
  /** Chunks that have their embedding. */
  readonly embedded: number;
}

/** What the indexer fills: the set and, when there is a model, the generation that it must complete. */
export interface Target {
  readonly chunkSet: ChunkSet;
  readonly generation?: Generation;
}

const retiredRowsPerStep = 500;

const generationColumns = `
  SELECT g.id, g.chunk_set_id AS chunkSetId, g.model_id AS modelId, g.state, g.embedded, m.fingerprint, m.dimension
  FROM generations g JOIN models m ON m.id = g.model_id WHERE g.state = ?`;

/** Which chunk sets and generations there are, and the only place where they begin, take over and end. No transactions of its own. */
export class Catalog {
  readonly #db: Sqlite;
  readonly #statements: StatementCache;
  readonly #vecAvailable: boolean;

  constructor({ db, vec }: Connection) {
    this.#db = db;
    this.#statements = new StatementCache(db);
    this.#vecAvailable = 'version' in vec;
  }

  chunkSet(state: ChunkSet['state']): ChunkSet | undefined {
    return this.#statements
      .get('SELECT id, chunker_version AS chunkerVersion, state FROM chunk_sets WHERE state = ?')
      .get(state) as ChunkSet | undefined;
  }

  generation(state: Generation['state']): Generation | undefined {
    return this.#statements.get(generationColumns).get(state) as Generation | undefined;
  }

  /** Sets that files are written to, the serving one first. */
  activeChunkSets(): ChunkSet[] {
    return [this.chunkSet('serving'), this.chunkSet('building')].filter((set) => set !== undefined);
  }

  /** Generations over a set that chunks with known embeddings are linked to. Empty without sqlite-vec. */
  activeGenerations(chunkSetId: number): Generation[] {
    if (!this.#vecAvailable) return [];
    const active = [this.generation('serving'), this.generation('building')];
    return active.filter((generation) => generation?.chunkSetId === chunkSetId) as Generation[];
  }

  /**
   * Makes sure that there is a set of this chunker's and a generation of this model's, beginning new ones beside those that
   * serve where they differ. What was begun for another chunker or model and never finished is retired.
   */
  prepare(chunkerVersion: string, model: ModelIdentity | undefined): Target {
    const chunkSet = this.#prepareChunkSet(chunkerVersion);
    if (model === undefined || !this.#vecAvailable) return { chunkSet };
    return { chunkSet, generation: this.#prepareGeneration(chunkSet, this.#modelId(model), model.dimension) };
  }

  /** The target has become complete: it serves from now on, in one step; what served before is retired. */
  promote({ chunkSet, generation }: Target): void {
    if (chunkSet.state === 'building') {
      this.#retireChunkSet('serving');
      this.#db.prepare("UPDATE chunk_sets SET state = 'serving' WHERE id = ?").run(chunkSet.id);
    }
    if (generation?.state === 'building') {
      const served = this.generation('serving');
      if (served !== undefined) this.#retireGeneration(served.id);
      this.#db.prepare("UPDATE generations SET state = 'serving' WHERE id = ?").run(generation.id);
    }
  }

  /** Deletes some rows of what is retired; true while more is left. Short, so that it can run between other work. */
  sweepRetired(): boolean {
    return this.#sweepGeneration() || this.#sweepChunkSet();
  }

  #prepareChunkSet(chunkerVersion: string): ChunkSet {
    const serving = this.chunkSet('serving');
    if (serving?.chunkerVersion === chunkerVersion) {
      this.#retireChunkSet('building');
      return serving;
    }
    const building = this.chunkSet('building');
    if (building?.chunkerVersion === chunkerVersion) return building;
    this.#retireChunkSet('building');
    const state = serving === undefined ? 'serving' : 'building';
    const { lastInsertRowid } = this.#db
      .prepare('INSERT INTO chunk_sets (chunker_version, state) VALUES (?, ?)')
      .run(chunkerVersion, state);
    createKeywordTables(this.#db, Number(lastInsertRowid));
    return { id: Number(lastInsertRowid), chunkerVersion, state };
  }

  #prepareGeneration(chunkSet: ChunkSet, modelId: number, dimension: number): Generation {
    const fits = (generation: Generation): boolean =>
      generation.modelId === modelId && generation.chunkSetId === chunkSet.id;
    const serving = this.generation('serving');
    const building = this.generation('building');
    if (serving !== undefined && fits(serving)) {
      if (building !== undefined) this.#retireGeneration(building.id);
      return serving;
    }
    if (building !== undefined) {
      if (fits(building)) return building;
      this.#retireGeneration(building.id);
    }
    const emptyServing = serving !== undefined && serving.chunkSetId === chunkSet.id && serving.embedded === 0;
    if (emptyServing) this.#retireGeneration(serving.id);
    const serveAtOnce = (serving === undefined || emptyServing) && chunkSet.state === 'serving';
    const { lastInsertRowid } = this.#db
      .prepare('INSERT INTO generations (chunk_set_id, model_id, state) VALUES (?, ?, ?)')
      .run(chunkSet.id, modelId, serveAtOnce ? 'serving' : 'building');
    createVectorTable(this.#db, Number(lastInsertRowid), dimension);
    return this.generation(serveAtOnce ? 'serving' : 'building')!;
  }

  #modelId(model: ModelIdentity): number {
    this.#db
      .prepare('INSERT INTO models (fingerprint, name, dimension) VALUES (?, ?, ?) ON CONFLICT DO NOTHING')
      .run(model.fingerprint, model.name, model.dimension);
    const known = this.#db.prepare('SELECT id, dimension FROM models WHERE fingerprint = ?').get(model.fingerprint) as {
      id: number;
      dimension: number;
    };
    if (known.dimension === model.dimension) return known.id;
    throw new SextantError(
      'model_mismatch',
      `The model ${model.name} has ${model.dimension} dimensions, the index knows it with ${known.dimension}.`,
      { hint: 'Clear the index to build it again.' },
    );
  }

  #retireGeneration(id: number): void {
    this.#db.prepare("UPDATE generations SET state = 'retired' WHERE id = ?").run(id);
  }

  #retireChunkSet(state: ChunkSet['state']): void {
    const set = this.chunkSet(state);
    if (set === undefined) return;
    this.#db.prepare("UPDATE generations SET state = 'retired' WHERE chunk_set_id = ?").run(set.id);
    this.#db.prepare("UPDATE chunk_sets SET state = 'retired' WHERE id = ?").run(set.id);
  }

  #sweepGeneration(): boolean {
    const id = this.#db.prepare("SELECT id FROM generations WHERE state = 'retired' LIMIT 1").pluck().get();
    if (typeof id !== 'number' || !this.#vecAvailable) return false;
    dropVectorTable(this.#db, id);
    const { changes } = this.#db
      .prepare('DELETE FROM chunk_embeddings WHERE generation_id = ? LIMIT ?')
      .run(id, retiredRowsPerStep * 4);
    if (changes === 0) this.#db.prepare('DELETE FROM generations WHERE id = ?').run(id);
    return true;
  }

  #sweepChunkSet(): boolean {
    const id = this.#db.prepare("SELECT id FROM chunk_sets WHERE state = 'retired' LIMIT 1").pluck().get();
    if (typeof id !== 'number') return false;
    dropKeywordTables(this.#db, id);
    const { changes } = this.#db
      .prepare('DELETE FROM files WHERE chunk_set_id = ? LIMIT ?')
      .run(id, Math.ceil(retiredRowsPerStep / 10));
    if (changes > 0) return true;
    // Rows of generations that could not be swept (no sqlite-vec) still point here; they go when it loads again.
    const used = this.#db.prepare('SELECT 1 FROM generations WHERE chunk_set_id = ? LIMIT 1').get(id) !== undefined;
    if (used) return false;
    this.#db.prepare('DELETE FROM chunk_sets WHERE id = ?').run(id);
    return true;
  }
}
