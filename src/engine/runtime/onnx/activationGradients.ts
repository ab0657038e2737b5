import type { Activation } from '../../model/network.ts';
import { microsoft, type OnnxGraph } from './onnxGraph.ts';

/** Adds the derivative of an activation at `x`, of the same shape. */
export function activationDerivative(graph: OnnxGraph, activation: Activation, x: string): string {
  const nodes = new Arithmetic(graph);
  switch (activation) {
    case 'gelu':
      return geluDerivative(nodes, x);
    case 'gelu_tanh':
      return geluTanhDerivative(nodes, x);
    case 'silu': {
      // σ(x) · (1 + x · (1 - σ(x)))
      const sigmoid = graph.node('Sigmoid', [x]);
      return nodes.times(sigmoid, nodes.plus(nodes.times(x, nodes.oneMinus(sigmoid)), 1));
    }
    case 'relu':
      return graph.node('Sign', [graph.node('Relu', [x])]);
    case 'tanh': {
      const y = graph.node('Tanh', [x]);
      return nodes.oneMinus(nodes.times(y, y));
    }
  }
}

/** `Φ(x) + x · φ(x)`, with the standard normal distribution and its density. */
function geluDerivative(nodes: Arithmetic, x: string): string {
  const { graph } = nodes;
  const erf = graph.node('Erf', [nodes.times(x, Math.SQRT1_2)]);
  const distribution = nodes.plus(nodes.times(erf, 0.5), 0.5);
  const density = graph.node('Exp', [nodes.times(nodes.times(x, x), -0.5)]);
  return nodes.plus(distribution, nodes.times(nodes.times(x, density), 1 / Math.sqrt(2 * Math.PI)));
}

/** With `t = tanh(c · (x + a · x³))`: `½ (1 + t) + ½ x (1 - t²) · c · (1 + 3 a x²)`. */
function geluTanhDerivative(nodes: Arithmetic, x: string): string {
  const c = Math.sqrt(2 / Math.PI);
  const a = 0.044715;
  const square = nodes.times(x, x);
  const inner = nodes.times(x, nodes.plus(nodes.times(square, c * a), c));
  const tanh = nodes.graph.node('Tanh', [inner]);
  const slope = nodes.times(x, nodes.plus(nodes.times(square, 3 * a * c), c));
  const change = nodes.times(nodes.oneMinus(nodes.times(tanh, tanh)), slope);
  return nodes.times(nodes.plus(nodes.plus(tanh, 1), change), 0.5);
}

/** Element-wise arithmetic on values and numbers. */
export class Arithmetic {
  readonly graph: OnnxGraph;

  constructor(graph: OnnxGraph) {
    this.graph = graph;
  }

  times(a: string, b: string | number): string {
    return this.graph.node('Mul', [a, this.#operand(b)]);
  }

  plus(a: string, b: string | number): string {
    return this.graph.node('Add', [a, this.#operand(b)]);
  }

  minus(a: string, b: string): string {
    return this.graph.node('Sub', [a, b]);
  }

  oneMinus(a: string): string {
    return this.graph.node('Sub', [this.graph.scalar(1), a]);
  }

  /** `alpha · a · b`, of matrices or batches of them, either of them transposed. */
  product(a: string, b: string, { alpha = 1, transA = 0, transB = 0 }: Partial<ProductOptions> = {}): string {
    const attributes = { alpha: { float: alpha }, transA, transB };
    return this.graph.node('FusedMatMul', [a, b], attributes, { domain: microsoft });
  }

  /** Sum over an axis, which stays with size 1, or goes. */
  sum(a: string, axis: number, keep: boolean): string {
    return this.graph.node('ReduceSum', [a, this.graph.integers([axis])], { keepdims: keep ? 1 : 0 });
  }

  mean(a: string, axis: number): string {
    return this.graph.node('ReduceMean', [a, this.graph.integers([axis])], { keepdims: 1 });
  }

  #operand(value: string | number): string {
    return typeof value === 'string' ? value : this.graph.scalar(value);
  }
}

interface ProductOptions {
  readonly alpha: number;
  readonly transA: 0 | 1;
  readonly transB: 0 | 1;
}
