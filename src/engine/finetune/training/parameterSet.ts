import type { RowIndex } from '../../model/gradientNetwork.ts';
import type { TrainingRun } from '../../runtime/ortTraining.ts';
import { sequenceLengths, type PackedInput } from '../../runtime/packedInput.ts';

/** A parameter with its gradient and the moments of its optimiser, all of one length. */
export interface TrainedParameter {
  readonly name: string;
  /** `[rows, columns]`, or `[rows]` of a vector. */
  readonly shape: readonly number[];
  readonly data: Float32Array;
  readonly gradient: Float32Array;
  readonly mean: Float32Array;
  readonly square: Float32Array;
  /** Whether weight decay applies. */
  readonly decays: boolean;
  /** Of a table that is read row by row: 1 for the rows that ever had a gradient. */
  readonly touched?: Uint8Array;
}

export interface NewParameter {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array;
  readonly decays: boolean;
  readonly table: boolean;
}

/** All that is trained, and the gradients of the step under way. */
export class ParameterSet {
  readonly all: readonly TrainedParameter[];
  readonly byName: ReadonlyMap<string, TrainedParameter>;

  constructor(parameters: readonly NewParameter[]) {
    this.all = parameters.map(({ table, ...parameter }) => ({
      ...parameter,
      gradient: new Float32Array(parameter.data.length),
      mean: new Float32Array(parameter.data.length),
      square: new Float32Array(parameter.data.length),
      ...(table ? { touched: new Uint8Array(parameter.shape[0]!) } : {}),
    }));
    this.byName = new Map(this.all.map((parameter) => [parameter.name, parameter]));
  }

  get count(): number {
    return this.all.reduce((sum, { data }) => sum + data.length, 0);
  }

  /** Adds the gradients of one pack. */
  add({ gradients }: TrainingRun, input: PackedInput): void {
    for (const { of, data } of gradients) {
      if ('rows' in of) this.#addRows(of.rows.tensor, of.rows.start, data);
      else this.#scatter(of.parameter, rowsOf(of.index, input), data);
    }
  }

  /** Euclidean length of all gradients together. */
  gradientNorm(): number {
    let sum = 0;
    for (const parameter of this.all)
      eachRange(parameter, (from, to) => (sum += squares(parameter.gradient, from, to)));
    return Math.sqrt(sum);
  }

  clearGradients(): void {
    for (const parameter of this.all) eachRange(parameter, (from, to) => parameter.gradient.fill(0, from, to));
  }

  /** Finds out anew which rows of tables have moments, after these were replaced. */
  findTouched(): void {
    for (const { touched, shape, square } of this.all) {
      const columns = shape[1] ?? 1;
      touched?.forEach((_, row) => {
        const values = square.subarray(row * columns, (row + 1) * columns);
        touched[row] = values.some((value) => value !== 0) ? 1 : 0;
      });
    }
  }

  #addRows(name: string, start: number, data: Float32Array): void {
    const { gradient, shape, touched } = this.byName.get(name)!;
    const columns = shape[1] ?? 1;
    const at = start * columns;
    for (let i = 0; i < data.length; i++) gradient[at + i]! += data[i]!;
    touched?.fill(1, start, start + data.length / columns);
  }

  #scatter(name: string, rows: Int32Array, data: Float32Array): void {
    const { gradient, shape, touched } = this.byName.get(name)!;
    const columns = shape[1] ?? 1;
    for (let token = 0; token < rows.length; token++) {
      const row = rows[token]!;
      const from = token * columns;
      const to = row * columns;
      for (let i = 0; i < columns; i++) gradient[to + i]! += data[from + i]!;
      if (touched !== undefined) touched[row] = 1;
    }
  }
}

function rowsOf(index: RowIndex, input: PackedInput): Int32Array {
  switch (index.by) {
    case 'token':
      return input.ids;
    case 'type':
      return input.types ?? new Int32Array(input.ids.length);
    case 'position': {
      const positions = new Int32Array(input.ids.length);
      let token = 0;
      for (const length of sequenceLengths(input)) {
        for (let position = 0; position < length; position++) positions[token++] = position + index.offset;
      }
      return positions;
    }
  }
}

/** The values that may have gradients: all of them, or the touched rows of a table. */
function eachRange({ data, shape, touched }: TrainedParameter, visit: (from: number, to: number) => void): void {
  if (touched === undefined) {
    visit(0, data.length);
    return;
  }
  const columns = shape[1] ?? 1;
  for (let row = 0; row < touched.length; row++) if (touched[row] === 1) visit(row * columns, (row + 1) * columns);
}

function squares(values: Float32Array, from: number, to: number): number {
  let sum = 0;
  for (let i = from; i < to; i++) sum += values[i]! * values[i]!;
  return sum;
}
