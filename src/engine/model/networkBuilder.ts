import { SextantError } from '../../shared/errors.ts';
import type { LinearOperation, Network, NormWeights, Operation } from './network.ts';

/** Shape of a tensor in the weights file, or nothing if there is none of that name. */
export type TensorShapes = (name: string) => readonly number[] | undefined;

interface Linear {
  readonly input: string;
  readonly inputWidth: number;
  /** Module names, `[rows]` each; `.weight` and, if there is one, `.bias` are added. */
  readonly modules: readonly string[];
  readonly rows: number;
  readonly bias: boolean;
  readonly parts?: 3;
  readonly epilogue?: LinearOperation['epilogue'];
}

/** Collects the operations of an architecture and checks every tensor it asks for against the weights file. */
export class NetworkBuilder {
  readonly #shapes: TensorShapes;
  readonly #prefix: string;
  readonly #operations: Operation[] = [];
  readonly #weights = new Map<string, readonly number[]>();
  readonly #hiddenStates: string[] = [];

  /** `prefixes` are tried in turn in front of `probe` to learn what the file puts before its tensor names. */
  constructor(shapes: TensorShapes, prefixes: readonly string[], probe: string) {
    this.#shapes = shapes;
    const prefix = prefixes.find((candidate) => shapes(candidate + probe) !== undefined);
    if (prefix === undefined) throw missing(probe);
    this.#prefix = prefix;
  }

  add(operation: Operation): string {
    this.#operations.push(operation);
    return operation.output;
  }

  /** Names a tensor of the encoder and checks its shape. */
  weight(name: string, shape: readonly number[]): string {
    return this.absolute(this.#prefix + name, shape);
  }

  /** Names a tensor outside of the encoder, such as a head's. */
  absolute(name: string, shape: readonly number[]): string {
    const actual = this.#shapes(name);
    if (actual === undefined) throw missing(name);
    if (actual.length !== shape.length || actual.some((size, axis) => size !== shape[axis])) {
      throw new SextantError(
        'model_invalid',
        `The model's tensor “${name}” has the shape [${actual.join(', ')}], but its config asks for [${shape.join(', ')}].`,
      );
    }
    this.#weights.set(name, shape);
    return name;
  }

  norm(name: string, width: number, epsilon: number, bias: boolean): NormWeights {
    // Checkpoints that were converted from TensorFlow long ago still say gamma and beta.
    const old = this.#shapes(`${this.#prefix}${name}.gamma`) !== undefined;
    const weight = this.weight(`${name}.${old ? 'gamma' : 'weight'}`, [width]);
    return bias
      ? { weight, bias: this.weight(`${name}.${old ? 'beta' : 'bias'}`, [width]), epsilon }
      : { weight, epsilon };
  }

  linear(output: string, { input, inputWidth, modules, rows, bias, parts, epilogue }: Linear): string {
    return this.add({
      kind: 'linear',
      input,
      output,
      inputWidth,
      outputWidth: rows * modules.length,
      weights: modules.map((name) => ({
        tensor: this.weight(`${name}.weight`, [rows, inputWidth]),
        start: 0,
        count: rows,
      })),
      biases: bias
        ? modules.map((name) => ({ tensor: this.weight(`${name}.bias`, [rows]), start: 0, count: rows }))
        : [],
      ...(parts === undefined ? {} : { parts }),
      ...(epilogue === undefined ? {} : { epilogue }),
    });
  }

  /** Marks a value as one of the hidden states that can be asked for. */
  hiddenState(value: string): string {
    this.#hiddenStates.push(value);
    return value;
  }

  finish(
    facts: Pick<Network, 'architecture' | 'hiddenSize' | 'vocabularySize' | 'maxTokens' | 'lastHiddenState'>,
  ): Network {
    return { ...facts, operations: this.#operations, weights: this.#weights, hiddenStates: this.#hiddenStates };
  }
}

function missing(name: string): SextantError {
  return new SextantError('model_invalid', `The model's weights lack the tensor “${name}”.`, {
    hint: 'Its config.json may describe another architecture than model.safetensors holds.',
  });
}
