import * as ort from 'onnxruntime-node';
import { SextantError } from '../../shared/errors.ts';
import { attentionGrid, firstTokenGrid } from './attentionGrid.ts';
import { feedNames, type Rotary } from './onnx/feedNames.ts';
import type { LoweredNetwork } from './onnx/lowerNetwork.ts';
import { rotaryTable, type RotaryTable } from './rotaryTables.ts';

export interface PackedInput {
  /** Token ids of all sequences, one after another. */
  readonly ids: Int32Array;
  /** Sequence `b` is `ids[cuSeqlens[b]]` up to `ids[cuSeqlens[b + 1]]`. */
  readonly cuSeqlens: Int32Array;
  /** Token types, for pairs; 0 everywhere if left out. */
  readonly types?: Int32Array;
}

export interface Matrix {
  readonly data: Float32Array;
  readonly rows: number;
  readonly columns: number;
}

export interface OrtModelOptions {
  /** Folder that holds the weights file which the graph names. */
  readonly folder: string;
  readonly threads: number;
}

/** A lowered network in an ONNX Runtime session on the CPU. `run` blocks its thread, so it belongs in a worker. */
export class OrtModel {
  readonly #session: ort.InferenceSession;
  readonly #network: LoweredNetwork;
  readonly #rotaryTables = new Map<string, RotaryTable>();

  private constructor(session: ort.InferenceSession, network: LoweredNetwork) {
    this.#session = session;
    this.#network = network;
  }

  static async open(network: LoweredNetwork, { folder, threads }: OrtModelOptions): Promise<OrtModel> {
    const session = await createSession(network.model, {
      intraOpNumThreads: threads,
      executionMode: 'sequential',
      graphOptimizationLevel: 'all',
      // Shapes differ from batch to batch, so recorded memory patterns would only pile up.
      enableMemPattern: false,
      logSeverityLevel: 3,
      extra: {
        'session.model_external_initializers_file_folder_path': folder,
        // Threads that wait for the next operation soon sleep: the cores are the editor's too.
        'session.intra_op.spin_duration_us': '50',
      },
    });
    return new OrtModel(session, network);
  }

  /** The outputs the graph was lowered for, in their order. */
  async run(input: PackedInput): Promise<Matrix[]> {
    const results = await this.#session.run(this.#feeds(input));
    return this.#network.outputs.map((_, index) => {
      const tensor = results[`output_${index}`]!;
      const [rows = 0, columns = 0] = tensor.dims;
      return { data: tensor.data as Float32Array, rows, columns };
    });
  }

  async dispose(): Promise<void> {
    await this.#session.release();
  }

  #feeds({ ids, cuSeqlens, types }: PackedInput): Record<string, ort.Tensor> {
    const total = ids.length;
    const count = cuSeqlens.length - 1;
    const lengths = Array.from({ length: count }, (_, b) => cuSeqlens[b + 1]! - cuSeqlens[b]!);
    const feeds: Record<string, ort.Tensor> = {
      [feedNames.ids]: new ort.Tensor('int32', ids, [total]),
      [feedNames.positions]: new ort.Tensor('int64', positionsOf(lengths, total), [total, 1]),
    };
    if (this.#network.usesTypes)
      feeds[feedNames.types] = new ort.Tensor('int32', types ?? new Int32Array(total), [total]);
    for (const rotary of this.#network.rotaries) this.#feedRotary(feeds, rotary, Math.max(...lengths));
    for (const window of this.#network.grids) this.#feedGrid(feeds, lengths, window);
    for (const window of this.#network.firstGrids) this.#feedFirstGrid(feeds, lengths, window);
    if (this.#network.firstGrids.length > 0) {
      const members = membership(lengths, total, () => 1);
      feeds[feedNames.sum] = new ort.Tensor('float32', members, [count, total]);
    }
    for (const pooling of this.#network.poolings) {
      if (pooling === 'cls') feeds[feedNames.first] = new ort.Tensor('int32', cuSeqlens.slice(0, count), [count]);
      else
        feeds[feedNames.mean] = new ort.Tensor(
          'float32',
          membership(lengths, total, (length) => 1 / length),
          [count, total],
        );
    }
    return feeds;
  }

  #feedRotary(feeds: Record<string, ort.Tensor>, rotary: Rotary, longest: number): void {
    const key = feedNames.cos(rotary);
    let table = this.#rotaryTables.get(key);
    if (table === undefined || table.positions < longest) {
      table = rotaryTable(rotary, Math.max(longest, 2 * (table?.positions ?? 256)));
      this.#rotaryTables.set(key, table);
    }
    const dims = [table.positions, rotary.headSize / 2];
    feeds[key] = new ort.Tensor('float32', table.cos, dims);
    feeds[feedNames.sin(rotary)] = new ort.Tensor('float32', table.sin, dims);
  }

  #feedFirstGrid(feeds: Record<string, ort.Tensor>, lengths: readonly number[], window: number | undefined): void {
    const names = feedNames.firstGrid(window);
    const { keys, keyRows, cells, sequences, bias } = firstTokenGrid(lengths, window);
    feeds[names.keyRows] = rowsTensor(keyRows);
    feeds[names.cells] = rowsTensor(cells);
    feeds[names.sequences] = rowsTensor(sequences);
    feeds[names.shape] = new ort.Tensor('int64', BigInt64Array.of(BigInt(lengths.length), BigInt(keys), -1n), [3]);
    feeds[names.bias] = new ort.Tensor('float32', bias, [lengths.length, keys, 1]);
  }

  #feedGrid(feeds: Record<string, ort.Tensor>, lengths: readonly number[], window: number | undefined): void {
    const names = feedNames.grid(window);
    const grid = attentionGrid(lengths, window);
    const gathered = grid.outputRows.length > 0;
    const biased = grid.bias.length > 0;
    const area = grid.queries * grid.keys;
    const biasDims = biased ? [grid.bias.length / area, 1, grid.queries, grid.keys] : [1, 1, 1, 1];
    const shape = (rows: number): ort.Tensor =>
      new ort.Tensor('int64', BigInt64Array.of(BigInt(grid.tiles), BigInt(rows), -1n), [3]);
    feeds[names.gathered] = new ort.Tensor('bool', [gathered], []);
    feeds[names.biased] = new ort.Tensor('bool', [biased], []);
    feeds[names.queryShape] = shape(grid.queries);
    feeds[names.keyShape] = shape(grid.keys);
    feeds[names.queryRows] = rowsTensor(grid.queryRows);
    feeds[names.keyRows] = rowsTensor(grid.keyRows);
    feeds[names.outputRows] = rowsTensor(grid.outputRows);
    feeds[names.bias] = new ort.Tensor('float32', biased ? grid.bias : new Float32Array(1), biasDims);
  }
}

async function createSession(
  model: Uint8Array,
  options: ort.InferenceSession.SessionOptions,
): Promise<ort.InferenceSession> {
  try {
    return await ort.InferenceSession.create(model, options);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new SextantError('runtime_unavailable', `ONNX Runtime cannot load the model: ${why}`, { cause });
  }
}

function positionsOf(lengths: readonly number[], total: number): BigInt64Array {
  const positions = new BigInt64Array(total);
  let row = 0;
  for (const length of lengths) {
    for (let position = 0; position < length; position++) positions[row++] = BigInt(position);
  }
  return positions;
}

/** `[B, T]`: a value that depends on the sequence's length where the token belongs to the sequence, else 0. */
function membership(lengths: readonly number[], total: number, value: (length: number) => number): Float32Array {
  const matrix = new Float32Array(lengths.length * total);
  let start = 0;
  for (const [sequence, length] of lengths.entries()) {
    matrix.fill(value(length), sequence * total + start, sequence * total + start + length);
    start += length;
  }
  return matrix;
}

function rowsTensor(rows: Int32Array): ort.Tensor {
  return new ort.Tensor('int32', rows, [rows.length]);
}
