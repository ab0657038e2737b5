import { SeededRandom } from '../bench/seededRandom.ts';
import type { TensorShapes } from './networkBuilder.ts';

/** A tensor that a model does not have yet, with its first values. */
export interface NewTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** Spread of new weights, as BERT's authors chose it; transformers calls it `initializer_range`. */
const spread = 0.02;

/** Collects the layers of a head that a model lacks; `width` is that of its hidden states. */
export class NewHeadTensors {
  readonly tensors = new Map<string, NewTensor>();
  readonly #shapes: TensorShapes;
  readonly #width: number;
  readonly #random: SeededRandom;

  constructor(shapes: TensorShapes, width: number, seed: number) {
    this.#shapes = shapes;
    this.#width = width;
    this.#random = new SeededRandom(seed);
  }

  has(module: string): boolean {
    return this.#shapes(`${module}.weight`) !== undefined;
  }

  linear(module: string, rows: number, bias: boolean): void {
    this.add(`${module}.weight`, [rows, this.#width], () => spread * this.#random.gaussian());
    if (bias) this.add(`${module}.bias`, [rows], () => 0);
  }

  norm(module: string, bias: boolean): void {
    this.add(`${module}.weight`, [this.#width], () => 1);
    if (bias) this.add(`${module}.bias`, [this.#width], () => 0);
  }

  add(name: string, shape: readonly number[], value: (index: number) => number): void {
    const count = shape.reduce((a, b) => a * b, 1);
    this.tensors.set(name, { shape, data: Float32Array.from({ length: count }, (_, index) => value(index)) });
  }
}
