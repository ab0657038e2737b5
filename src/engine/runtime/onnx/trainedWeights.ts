import type { TensorRows } from '../../model/network.ts';
import type { OnnxGraph } from './onnxGraph.ts';
import { FileWeights, rowsName, type WeightNodes, type WeightsFile } from './weightNodes.ts';

/** How a tensor is trained: every value of it, or a product of two thin matrices that is added to it. */
export type TrainedTensor = { readonly kind: 'full' } | LowRank;

/**
 * `W + scale · B · A` with `A [rank, columns]` and `B [rows, rank]` (Hu et al. 2021, “LoRA”). Of a table that is read row by
 * row the roles are named the other way round: `W + scale · A · Bᵀ` with `A [rows, rank]` and `B [columns, rank]`.
 */
export interface LowRank {
  readonly kind: 'low-rank' | 'low-rank-table';
  readonly rank: number;
  readonly scale: number;
}

/** Trained tensors by name; whatever is not among them stays in the weights file. */
export type TrainedTensors = ReadonlyMap<string, TrainedTensor>;

/** Names of the two thin matrices of a tensor. */
export const factorNames = {
  a: (tensor: string) => `${tensor}.lora_A`,
  b: (tensor: string) => `${tensor}.lora_B`,
};

/** An input of the graph: rows of a parameter, which is a trained tensor or one of its factors. */
export interface ParameterInput {
  readonly name: string;
  readonly rows: TensorRows;
}

/** Weights of which some change from run to run: those are inputs of the graph. */
export class TrainedWeights implements WeightNodes {
  readonly #graph: OnnxGraph;
  readonly #file: FileWeights;
  readonly #shapes: ReadonlyMap<string, readonly number[]>;
  readonly #trained: TrainedTensors;
  readonly #inputs = new Map<string, ParameterInput>();
  readonly #merged = new Map<string, string>();

  /** `shapes` are those of all tensors; trained ones need not be in the file. */
  constructor(
    graph: OnnxGraph,
    weights: WeightsFile,
    trained: TrainedTensors,
    shapes: ReadonlyMap<string, readonly number[]>,
  ) {
    this.#graph = graph;
    this.#shapes = shapes;
    this.#file = new FileWeights(graph, weights);
    this.#trained = trained;
  }

  get inputs(): readonly ParameterInput[] {
    return [...this.#inputs.values()];
  }

  vector(name: string, rows?: Omit<TensorRows, 'tensor'>): string {
    if (!this.#trained.has(name)) return this.#file.vector(name, rows);
    const [total] = this.shape(name);
    return this.#input({ tensor: name, ...(rows ?? { start: 0, count: total }) }, []);
  }

  matrix(rows: TensorRows): string {
    const how = this.#trained.get(rows.tensor);
    if (how === undefined) return this.#file.matrix(rows);
    if (how.kind === 'full') return this.#input(rows, [this.shape(rows.tensor)[1]]);
    const name = rowsName(rows);
    const known = this.#merged.get(name);
    if (known !== undefined) return known;
    const { a, b } = this.factors(rows, how);
    const attributes = { alpha: { float: how.scale }, transB: how.kind === 'low-rank' ? 0 : 1 };
    const merged = this.#graph.node('Gemm', [b, a, this.#file.matrix(rows)], attributes);
    this.#merged.set(name, merged);
    return merged;
  }

  gather(table: string, indices: string): string {
    const how = this.#trained.get(table);
    if (how === undefined) return this.#file.gather(table, indices);
    if (how.kind === 'full') {
      const [count, columns] = this.shape(table);
      return this.#graph.node('Gather', [this.#input({ tensor: table, start: 0, count }, [columns]), indices], {
        axis: 0,
      });
    }
    const { columns, thin } = this.tableFactors(table, how, indices);
    const attributes = { alpha: { float: how.scale }, transB: 1 };
    return this.#graph.node('Gemm', [thin, columns, this.#file.gather(table, indices)], attributes);
  }

  /** For these rows of a tensor, the factor that spans the rank's rows (or columns of a table) and the other one. */
  factors({ tensor, start, count }: TensorRows, { kind, rank }: LowRank): { readonly a: string; readonly b: string } {
    const [, columns] = this.shape(tensor);
    if (kind === 'low-rank-table') {
      return {
        a: this.#input({ tensor: factorNames.b(tensor), start: 0, count: columns }, [rank]),
        b: this.#input({ tensor: factorNames.a(tensor), start, count }, [rank]),
      };
    }
    return {
      a: this.#input({ tensor: factorNames.a(tensor), start: 0, count: rank }, [columns]),
      b: this.#input({ tensor: factorNames.b(tensor), start, count }, [rank]),
    };
  }

  /** Thin rows `[indices, rank]` of a table, and the factor `[columns, rank]` that widens them. */
  tableFactors(table: string, { rank }: LowRank, indices: string): { readonly columns: string; readonly thin: string } {
    const [count, columns] = this.shape(table);
    const all = this.#input({ tensor: factorNames.a(table), start: 0, count }, [rank]);
    return {
      columns: this.#input({ tensor: factorNames.b(table), start: 0, count: columns }, [rank]),
      thin: this.#graph.node('Gather', [all, indices], { axis: 0 }),
    };
  }

  /** Rows and columns of a tensor; a vector has one column. */
  shape(tensor: string): readonly [number, number] {
    const [rows = 1, columns = 1] = this.#shapes.get(tensor) ?? [];
    return [rows, columns];
  }

  #input(rows: TensorRows, rest: readonly number[]): string {
    const name = rowsName(rows);
    if (!this.#inputs.has(name)) {
      this.#inputs.set(name, { name, rows });
      this.#graph.input(name, 'float32', [rows.count, ...rest]);
    }
    return name;
  }
}
