import type { SelectOperation, TrainableNetwork } from '../../../../src/engine/model/gradientNetwork.ts';
import type {
  Activation,
  AttentionOperation,
  LinearOperation,
  NormWeights,
  Operation,
  TensorRows,
} from '../../../../src/engine/model/network.ts';

/** Rows of a value in double precision. */
type Rows = number[][];

export interface ScalarInput {
  readonly ids: ArrayLike<number>;
  readonly lengths: readonly number[];
  readonly types?: ArrayLike<number>;
  /** Rows of the tokens that are asked about. */
  readonly selected?: readonly number[];
}

export type ScalarWeights = ReadonlyMap<
  string,
  { readonly data: ArrayLike<number>; readonly shape: readonly number[] }
>;

/**
 * The description's plainest reading: one loop a sum, no packing tricks, in double precision. Slow, and the judge of every
 * executor and every gradient.
 */
export function runScalar(network: TrainableNetwork, weights: ScalarWeights, input: ScalarInput, output: string): Rows {
  const values = new Map<string, Rows>();
  const run = new ScalarRun(weights, input, values);
  for (const operation of network.operations) {
    values.set(operation.output, run.operation(operation));
    if (operation.output === output) break;
  }
  return values.get(output)!;
}

class ScalarRun {
  readonly #weights: ScalarWeights;
  readonly #input: ScalarInput;
  readonly #values: Map<string, Rows>;
  /** Sequence and position of each token. */
  readonly #tokens: { readonly sequence: number; readonly position: number }[];
  readonly #starts: number[];

  constructor(weights: ScalarWeights, input: ScalarInput, values: Map<string, Rows>) {
    this.#weights = weights;
    this.#input = input;
    this.#values = values;
    this.#tokens = input.lengths.flatMap((length, sequence) =>
      Array.from({ length }, (_, position) => ({ sequence, position })),
    );
    this.#starts = input.lengths.map((_, index) => input.lengths.slice(0, index).reduce((a, b) => a + b, 0));
  }

  operation(operation: Operation | SelectOperation): Rows {
    switch (operation.kind) {
      case 'embed': {
        const rows = this.#tokens.map(({ position }, t) => {
          const tables: [string, number][] = [[operation.tokens, this.#input.ids[t]!]];
          if (operation.positions) tables.push([operation.positions.weight, position + operation.positions.offset]);
          if (operation.types !== undefined) tables.push([operation.types, this.#input.types?.[t] ?? 0]);
          return sumRows(tables.map(([table, row]) => this.#row(table, row)));
        });
        return operation.norm ? rows.map((row) => this.#norm(row, operation.norm!)) : rows;
      }
      case 'select':
        return (this.#input.selected ?? []).map((row) => this.#value(operation.input)[row]!);
      case 'norm':
        return this.#value(operation.input).map((row) => this.#norm(row, operation));
      case 'linear':
        return this.#linear(operation);
      case 'attention':
        return this.#attention(operation);
      case 'pool':
        return this.#input.lengths.map((length, sequence) => {
          const rows = this.#value(operation.input).slice(this.#starts[sequence], this.#starts[sequence]! + length);
          return operation.how === 'cls' ? rows[0]! : sumRows(rows).map((value) => value / length);
        });
      case 'normalize':
        return this.#value(operation.input).map((row) => {
          const kept = row.slice(0, operation.dimension);
          const length = Math.sqrt(kept.reduce((sum, value) => sum + value * value, 0));
          return kept.map((value) => value / length);
        });
    }
  }

  #value(name: string): Rows {
    return this.#values.get(name)!;
  }

  #row(tensor: string, row: number): number[] {
    const { data, shape } = this.#weights.get(tensor)!;
    const columns = shape[1] ?? 1;
    const result = new Array<number>(columns);
    for (let column = 0; column < columns; column++) result[column] = data[row * columns + column]!;
    return result;
  }

  #stacked(stacked: readonly TensorRows[]): Rows {
    return stacked.flatMap(({ tensor, start, count }) =>
      Array.from({ length: count }, (_, row) => this.#row(tensor, start + row)),
    );
  }

  #norm(row: readonly number[], { weight, bias, epsilon }: NormWeights): number[] {
    const mean = row.reduce((a, b) => a + b, 0) / row.length;
    const variance = row.reduce((sum, value) => sum + (value - mean) ** 2, 0) / row.length;
    const scale = this.#weights.get(weight)!.data;
    const shift = bias === undefined ? undefined : this.#weights.get(bias)!.data;
    return row.map((value, i) => ((value - mean) / Math.sqrt(variance + epsilon)) * scale[i]! + (shift?.[i] ?? 0));
  }

  #linear({ input, weights, biases, epilogue, outputWidth, parts }: LinearOperation): Rows {
    const matrix = this.#stacked(weights);
    const bias = this.#stacked(biases).flat();
    const residual = epilogue?.kind === 'residual' ? this.#value(epilogue.value) : undefined;
    return this.#value(input).map((row, index) => {
      const sums = matrix.map(
        (weightRow, column) => dot(row, weightRow) + (bias[column] ?? 0) + (residual?.[index]?.[column] ?? 0),
      );
      if (epilogue?.kind === 'activation') return sums.map((sum) => activate(epilogue.activation, sum));
      if (epilogue?.kind === 'gated') {
        const half = outputWidth / 2;
        return sums.slice(0, half).map((sum, i) => activate(epilogue.activation, sum) * sums[half + i]!);
      }
      if (epilogue?.kind !== 'rotary') return sums;
      const turned = outputWidth - outputWidth / (parts ?? 1);
      return rotate(sums, turned, this.#tokens[index]!.position, epilogue.theta, epilogue.headSize);
    });
  }

  #attention({ input, query, heads, headSize, scale, window }: AttentionOperation): Rows {
    const width = heads * headSize;
    const rows = this.#value(input);
    const keysAt = query === undefined ? width : 0;
    const queries =
      query === undefined
        ? rows.map((row, token) => ({ row, ...this.#tokens[token]! }))
        : this.#value(query).map((row, sequence) => ({ row, sequence, position: 0 }));
    return queries.map(({ row, sequence, position }) => {
      const start = this.#starts[sequence]!;
      const seen = Array.from({ length: this.#input.lengths[sequence]! }, (_, key) => key).filter(
        (key) => window === undefined || Math.abs(key - position) <= window,
      );
      const result = new Array<number>(width).fill(0);
      for (let head = 0; head < heads; head++) {
        const at = head * headSize;
        const scores = seen.map((key) => {
          let sum = 0;
          for (let i = 0; i < headSize; i++) sum += row[at + i]! * rows[start + key]![keysAt + at + i]!;
          return Math.exp(sum * scale);
        });
        const total = scores.reduce((a, b) => a + b, 0);
        for (const [index, key] of seen.entries()) {
          for (let i = 0; i < headSize; i++) {
            result[at + i]! += (scores[index]! / total) * rows[start + key]![keysAt + width + at + i]!;
          }
        }
      }
      return result;
    });
  }
}

function dot(a: readonly number[], b: readonly number[]): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

function sumRows(rows: Rows): number[] {
  return rows[0]!.map((_, column) => rows.reduce((sum, row) => sum + row[column]!, 0));
}

function rotate(row: readonly number[], count: number, position: number, theta: number, headSize: number): number[] {
  const half = headSize / 2;
  return row.map((value, column) => {
    if (column >= count) return value;
    const i = column % headSize;
    const angle = position * theta ** ((-2 * (i % half)) / headSize);
    const other = i < half ? -row[column + half]! : row[column - half]!;
    return value * Math.cos(angle) + other * Math.sin(angle);
  });
}

function activate(activation: Activation, x: number): number {
  switch (activation) {
    case 'gelu':
      return x * normalDistribution(x);
    case 'gelu_tanh':
      return 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));
    case 'silu':
      return x / (1 + Math.exp(-x));
    case 'relu':
      return Math.max(0, x);
    case 'tanh':
      return Math.tanh(x);
  }
}

/** Φ(x) by its power series (Abramowitz & Stegun 26.2.11), exact to rounding where |x| is not large. */
function normalDistribution(x: number): number {
  if (Math.abs(x) > 7) return x > 0 ? 1 : 0;
  let term = x;
  let sum = x;
  for (let n = 1; n < 200; n++) {
    term *= (x * x) / (2 * n + 1);
    sum += term;
    if (Math.abs(term) < 1e-17 * Math.abs(sum)) break;
  }
  return 0.5 + (sum * Math.exp((-x * x) / 2)) / Math.sqrt(2 * Math.PI);
}
