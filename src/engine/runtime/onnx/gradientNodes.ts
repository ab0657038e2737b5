import type {
  ActivateGradient,
  CrossEntropyOperation,
  GradientOperation,
  LinearInputGradient,
  LinearWeightGradient,
  NormalizeGradient,
  NormInputGradient,
  NormWeightGradient,
  PoolGradient,
  RowGradient,
  RowIndex,
  SelectGradient,
} from '../../model/gradientNetwork.ts';
import type { LinearOperation, TensorRows } from '../../model/network.ts';
import { singleRows, sliceRows } from '../../model/tensorRows.ts';
import { activationDerivative, Arithmetic } from './activationGradients.ts';
import { AttentionGradients, zeroRow } from './attentionGradients.ts';
import type { FeedInputs } from './feedInputs.ts';
import type { ForwardNodes } from './forwardNodes.ts';
import type { OnnxGraph } from './onnxGraph.ts';
import { factorNames, type LowRank, type TrainedTensors, type TrainedWeights } from './trainedWeights.ts';
import type { Values } from './values.ts';

/** A value that holds the gradient of rows of a parameter, in order or by index. */
export type ParameterGradient =
  | { readonly value: string; readonly rows: TensorRows }
  | { readonly value: string; readonly parameter: string; readonly index: RowIndex };

export interface GradientLowering {
  readonly graph: OnnxGraph;
  readonly inputs: FeedInputs;
  readonly weights: TrainedWeights;
  readonly trained: TrainedTensors;
  readonly values: Values;
  readonly forward: ForwardNodes;
}

/** Rules that make gradients of parameters, or several values. */
type WithoutValue = 'linear-weight-gradient' | 'norm-weight-gradient' | 'attention-gradient' | 'cross-entropy';

/** Lowers the rules of gradients to nodes of a graph. */
export class GradientNodes {
  readonly parameters: ParameterGradient[] = [];
  readonly #graph: OnnxGraph;
  readonly #arithmetic: Arithmetic;
  readonly #inputs: FeedInputs;
  readonly #weights: TrainedWeights;
  readonly #trained: TrainedTensors;
  readonly #values: Values;
  readonly #forward: ForwardNodes;
  readonly #attention: AttentionGradients;

  constructor({ graph, inputs, weights, trained, values, forward }: GradientLowering) {
    this.#graph = graph;
    this.#arithmetic = new Arithmetic(graph);
    this.#inputs = inputs;
    this.#weights = weights;
    this.#trained = trained;
    this.#values = values;
    this.#forward = forward;
    this.#attention = new AttentionGradients(graph, inputs, values);
  }

  lower(operation: GradientOperation): void {
    switch (operation.kind) {
      case 'linear-weight-gradient':
        this.#linearWeights(operation);
        break;
      case 'norm-weight-gradient':
        this.#normWeights(operation);
        break;
      case 'attention-gradient':
        this.#attention.lower(operation);
        break;
      case 'cross-entropy':
        this.#crossEntropy(operation);
        break;
      default:
        this.#values.set(operation.output, this.#lowered(operation));
    }
  }

  /** Turns the gradient of rows that were read from a table into that of the table's parameters. */
  rows({ tensor, index, gradient }: RowGradient): void {
    const value = this.#values.one(gradient);
    const how = this.#trained.get(tensor);
    if (how === undefined) return;
    if (how.kind === 'full') {
      this.parameters.push({ value, parameter: tensor, index });
      return;
    }
    const { columns, thin } = this.#weights.tableFactors(tensor, how, this.#indices(index));
    const alpha = how.scale;
    const product = this.#arithmetic.product(value, columns, { alpha });
    this.parameters.push({ value: product, parameter: factorNames.a(tensor), index });
    this.#parameter(
      factorNames.b(tensor),
      this.#arithmetic.product(value, thin, { alpha, transA: 1 }),
      this.#columns(tensor),
    );
  }

  #lowered(operation: Exclude<GradientOperation, { readonly kind: WithoutValue }>): readonly string[] {
    switch (operation.kind) {
      case 'select': {
        const inputs = [this.#values.one(operation.input), this.#inputs.row('selected')];
        return [this.#graph.node('Gather', inputs, { axis: 0 })];
      }
      case 'select-gradient':
        return [this.#select(operation)];
      case 'activate':
        return [this.#activate(operation.input, operation.epilogue)];
      case 'activate-gradient':
        return this.#activateGradient(operation);
      case 'linear-input-gradient':
        return [this.#linearInput(operation)];
      case 'rotate-gradient': {
        const { gradient, parts, width } = operation;
        return this.#values
          .parts(gradient, parts)
          .map((part, index) => (index === parts - 1 ? part : this.#forward.rotate(part, operation, width, 'back')));
      }
      case 'norm-input-gradient':
        return [this.#normInput(operation)];
      case 'pool-gradient':
        return [this.#pool(operation)];
      case 'normalize-gradient':
        return [this.#normalize(operation)];
      case 'sum': {
        const inputs = operation.inputs.map((input) => this.#values.one(input));
        return [this.#graph.node('Sum', inputs)];
      }
    }
  }

  #columns(tensor: string): number {
    return this.#weights.shape(tensor)[1];
  }

  #indices(index: RowIndex): string {
    switch (index.by) {
      case 'token':
        return this.#inputs.row('ids');
      case 'type':
        return this.#inputs.row('types');
      case 'position': {
        const flat = this.#graph.node('Squeeze', [this.#inputs.row('positions'), this.#graph.integers([1])]);
        return this.#graph.node('Add', [flat, this.#graph.integers([index.offset])]);
      }
    }
  }

  #parameter(parameter: string, value: string, count: number, start = 0): void {
    this.parameters.push({ value, rows: { tensor: parameter, start, count } });
  }

  #activate(input: string, { kind, activation }: ActivateGradient['epilogue']): string {
    if (kind === 'gated') return this.#forward.gate(this.#values.parts(input, 2), activation);
    return this.#forward.activate(this.#values.one(input), activation);
  }

  #activateGradient({ input, gradient, epilogue: { kind, activation } }: ActivateGradient): string[] {
    const { times } = bound(this.#arithmetic);
    const received = this.#values.one(gradient);
    if (kind === 'activation') {
      return [times(received, activationDerivative(this.#graph, activation, this.#values.one(input)))];
    }
    const [up, gate] = this.#values.parts(input, 2) as [string, string];
    const derivative = activationDerivative(this.#graph, activation, up);
    return [times(times(received, gate), derivative), times(received, this.#forward.activate(up, activation))];
  }

  #linearInput({ gradient, linear }: LinearInputGradient): string {
    let sum: string | undefined;
    for (const { part, weight } of this.#blocks(gradient, linear)) {
      sum = this.#graph.node('Gemm', [part, this.#weights.matrix(weight), ...(sum === undefined ? [] : [sum])]);
    }
    return sum!;
  }

  #linearWeights({ input, gradient, linear }: LinearWeightGradient): void {
    const x = this.#values.one(input);
    for (const { part, weight, bias } of this.#blocks(gradient, linear)) {
      const how = this.#trained.get(weight.tensor);
      if (how?.kind === 'full') {
        const value = this.#arithmetic.product(part, x, { transA: 1 });
        this.#parameter(weight.tensor, value, weight.count, weight.start);
      } else if (how !== undefined) {
        this.#lowRank(weight, how, part, x);
      }
      if (bias !== undefined && this.#trained.has(bias.tensor)) {
        this.#parameter(bias.tensor, this.#arithmetic.sum(part, 0, false), bias.count, bias.start);
      }
    }
  }

  /** `dB = s · dyᵀ (x Aᵀ)` and `dA = s · (dy B)ᵀ x`: cheaper than by way of `dW`, which is never made. */
  #lowRank(weight: TensorRows, how: LowRank, dy: string, x: string): void {
    const { tensor, start, count } = weight;
    const { a, b } = this.#weights.factors(weight, how);
    const alpha = how.scale;
    const { product } = bound(this.#arithmetic);
    const back = product(dy, b);
    if (how.kind === 'low-rank') {
      const thin = product(x, a, { transB: 1 });
      this.#parameter(factorNames.b(tensor), product(dy, thin, { alpha, transA: 1 }), count, start);
      this.#parameter(factorNames.a(tensor), product(back, x, { alpha, transA: 1 }), how.rank);
      return;
    }
    const thin = product(x, a);
    this.#parameter(factorNames.a(tensor), product(dy, thin, { alpha, transA: 1 }), count, start);
    this.#parameter(factorNames.b(tensor), product(x, back, { alpha, transA: 1 }), this.#columns(tensor));
  }

  /** The parts of a linear layer's gradient with the rows of weight and bias that made them. */
  #blocks(
    gradient: string,
    { weights, biases, outputWidth, parts: count }: LinearOperation,
  ): { readonly part: string; readonly weight: TensorRows; readonly bias: TensorRows | undefined }[] {
    const parts = count ?? 1;
    const width = outputWidth / parts;
    return this.#values.parts(gradient, parts).map((part, index) => ({
      part,
      weight: singleRows(sliceRows(weights, index * width, width)),
      bias: biases.length === 0 ? undefined : singleRows(sliceRows(biases, index * width, width)),
    }));
  }

  /** `x̂` and `1 / σ`, by the norm itself with a weight of 1. */
  #standardized({
    input,
    epsilon,
    width,
  }: NormInputGradient | NormWeightGradient): [normalized: string, inverse: string] {
    const ones = `ones_${width}`;
    if (!this.#graph.has(ones)) this.#graph.constant(ones, 'float32', [width], new Float32Array(width).fill(1));
    const attributes = { axis: -1, epsilon: { float: epsilon } };
    const [normalized, , inverse] = this.#graph.nodes(
      'LayerNormalization',
      [this.#values.one(input), ones],
      3,
      attributes,
    );
    return [normalized!, inverse!];
  }

  #normInput(operation: NormInputGradient): string {
    const { times, minus, mean } = bound(this.#arithmetic);
    const [normalized, inverse] = this.#standardized(operation);
    const scaled = times(this.#values.one(operation.gradient), this.#weights.vector(operation.weight));
    const along = times(normalized, mean(times(scaled, normalized), 1));
    return times(minus(minus(scaled, mean(scaled, 1)), along), inverse);
  }

  #normWeights(operation: NormWeightGradient): void {
    const { weight, bias, width } = operation;
    const gradient = this.#values.one(operation.gradient);
    const { times, sum } = bound(this.#arithmetic);
    if (this.#trained.has(weight)) {
      const [normalized] = this.#standardized(operation);
      this.#parameter(weight, sum(times(gradient, normalized), 0, false), width);
    }
    if (bias !== undefined && this.#trained.has(bias)) this.#parameter(bias, sum(gradient, 0, false), width);
  }

  #pool({ gradient, how, width }: PoolGradient): string {
    const rows = this.#values.one(gradient);
    if (how === 'mean') {
      const shared = this.#arithmetic.times(rows, this.#inputs.row('shares'));
      return this.#graph.node('Gather', [shared, this.#inputs.row('sequences')], { axis: 0 });
    }
    const withZeros = this.#graph.node('Concat', [rows, zeroRow(this.#graph, width)], { axis: 0 });
    return this.#graph.node('Gather', [withZeros, this.#inputs.row('firstSequences')], { axis: 0 });
  }

  #select({ gradient, width }: SelectGradient): string {
    const withZeros = this.#graph.node('Concat', [this.#values.one(gradient), zeroRow(this.#graph, width)], {
      axis: 0,
    });
    return this.#graph.node('Gather', [withZeros, this.#inputs.row('selectedPlaces')], { axis: 0 });
  }

  #crossEntropy({ input, output, loss }: CrossEntropyOperation): void {
    const { times, minus, sum } = bound(this.#arithmetic);
    const graph = this.#graph;
    const targets = this.#inputs.row('targets');
    const shares = this.#inputs.row('targetShares');
    const logarithms = graph.node('LogSoftmax', [this.#values.one(input)], { axis: -1 });
    const right = graph.node('GatherElements', [logarithms, targets], { axis: 1 });
    this.#values.set(loss, [graph.node('Neg', [sum(times(right, shares), 0, true)])]);
    const lessOne = minus(graph.node('Exp', [right]), graph.scalar(1));
    const probabilities = graph.node('Exp', [logarithms]);
    const errors = graph.node('ScatterElements', [probabilities, targets, lessOne], { axis: 1 });
    this.#values.set(output, [times(errors, shares)]);
  }

  #normalize({ gradient, normalize }: NormalizeGradient): string {
    const { times, minus, sum } = bound(this.#arithmetic);
    const graph = this.#graph;
    const received = this.#values.one(gradient);
    const kept = this.#forward.kept(this.#values.one(normalize.input), normalize);
    const length = graph.node('ReduceL2', [kept, graph.integers([1])], { keepdims: 1 });
    const direction = graph.node('Div', [kept, length]);
    const along = times(direction, sum(times(direction, received), 1, true));
    const result = graph.node('Div', [minus(received, along), length]);
    const cut = normalize.width - normalize.dimension;
    return cut === 0 ? result : graph.node('Pad', [result, graph.integers([0, 0, 0, cut])], { mode: 'constant' });
  }
}

/** The methods of an object, to be called by their bare names. */
function bound(arithmetic: Arithmetic): Pick<Arithmetic, 'times' | 'plus' | 'minus' | 'sum' | 'mean' | 'product'> {
  return {
    times: (a, b) => arithmetic.times(a, b),
    plus: (a, b) => arithmetic.plus(a, b),
    minus: (a, b) => arithmetic.minus(a, b),
    sum: (a, axis, keep) => arithmetic.sum(a, axis, keep),
    mean: (a, axis) => arithmetic.mean(a, axis),
    product: (a, b, options) => arithmetic.product(a, b, options),
  };
}
