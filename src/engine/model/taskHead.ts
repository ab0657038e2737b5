import { SextantError } from '../../shared/errors.ts';
import { headModules, type HeadModules, type HeadTask } from './headModules.ts';
import type { ModelConfig } from './modelConfig.ts';
import type { LinearOperation, Network, Operation } from './network.ts';
import type { TensorShapes } from './networkBuilder.ts';

/** A network whose last operations make logits: a row a sequence or, for tasks about tokens, a row a token. */
export interface TaskNetwork extends Network {
  readonly logits: string;
  /** Columns of the logits. */
  readonly columns: number;
}

/**
 * Adds the head of a task as transformers defines it for the family: sequence classification `[B, labels]`, masked language
 * model `[T, vocabulary]`, token classification `[T, labels]`, extractive question answering `[T, start|end]`,
 * next-sentence prediction `[B, next|not]`, multiple choice `[B, 1]`.
 * @throws SextantError `model_invalid` if the family has no such head, or the weights do not hold it.
 */
export function withTaskHead(task: HeadTask, network: Network, config: ModelConfig, shapes: TensorShapes): TaskNetwork {
  const head = headModules(task, config, shapes);
  if (head === undefined) {
    throw new SextantError('model_invalid', `Models of the family “${config.family}” have no head for ${task}.`);
  }
  const weights = new Map(network.weights);
  const tensors = new HeadTensors(task, network, shapes, weights);
  const width = network.hiddenSize;
  const operations: Operation[] = [];
  const add = (operation: Operation): string => {
    operations.push(operation);
    return operation.output;
  };
  let value = network.lastHiddenState;
  if (head.pooling !== undefined) {
    value = add({ kind: 'pool', input: value, output: 'head.pooled', width, how: head.pooling });
  }
  if (head.dense !== undefined) {
    const { module, activation } = head.dense;
    const dense = tensors.linear(value, 'head.dense', `${module}.weight`, [`${module}.bias`], width);
    value = add({ ...dense, epilogue: { kind: 'activation', activation } });
  }
  if (head.norm !== undefined) {
    const { module, epsilon } = head.norm;
    const bias = tensors.optional([`${module}.bias`], [width]);
    const norm = {
      weight: tensors.named(`${module}.weight`, [width]),
      epsilon,
      ...(bias === undefined ? {} : { bias }),
    };
    value = add({ kind: 'norm', input: value, output: 'head.norm', width, ...norm });
  }
  const { weight, rows: columns } = tensors.last(head);
  add(tensors.linear(value, 'logits', weight, head.bias, columns));
  return { ...network, operations: [...network.operations, ...operations], weights, logits: 'logits', columns };
}

/** Finds the tensors of a head and notes those it found. */
class HeadTensors {
  readonly #task: HeadTask;
  readonly #network: Network;
  readonly #shapes: TensorShapes;
  readonly #weights: Map<string, readonly number[]>;

  constructor(task: HeadTask, network: Network, shapes: TensorShapes, weights: Map<string, readonly number[]>) {
    this.#task = task;
    this.#network = network;
    this.#shapes = shapes;
    this.#weights = weights;
  }

  named(name: string, shape: readonly number[]): string {
    if (this.#shapes(name)?.join() !== shape.join()) {
      const why = `“${name}” is missing or of another shape`;
      throw new SextantError('model_invalid', `The model has no usable head for ${this.#task}: ${why}.`, {
        hint: 'Choose a model that was trained for it.',
      });
    }
    this.#weights.set(name, shape);
    return name;
  }

  /** The first of these tensors that the file has. Whether a head has biases differs between configs of one family. */
  optional(names: readonly string[], shape: readonly number[]): string | undefined {
    const name = names.find((candidate) => this.#shapes(candidate) !== undefined);
    return name === undefined ? undefined : this.named(name, shape);
  }

  /** Weight of the last layer and how many rows it has. */
  last({ weight, bias, tied, rows }: HeadModules): { readonly weight: string; readonly rows: number } {
    const table = this.#network.operations.find(({ kind }) => kind === 'embed');
    const own = weight.find((candidate) => this.#shapes(candidate) !== undefined);
    // Every tied layer has a bias of its own, by which it is known to be there.
    const sharing = tied === true && bias.some((candidate) => this.#shapes(candidate) !== undefined);
    const name = own ?? (sharing && table?.kind === 'embed' ? table.tokens : weight[0]!);
    const count = rows ?? this.#shapes(name)?.[0] ?? 0;
    return { weight: this.named(name, [count, this.#network.hiddenSize]), rows: count };
  }

  linear(input: string, output: string, weight: string, biases: readonly string[], rows: number): LinearOperation {
    const inputWidth = this.#network.hiddenSize;
    const bias = this.optional(biases, [rows]);
    return {
      kind: 'linear',
      input,
      output,
      inputWidth,
      outputWidth: rows,
      weights: [{ tensor: this.named(weight, [rows, inputWidth]), start: 0, count: rows }],
      biases: bias === undefined ? [] : [{ tensor: bias, start: 0, count: rows }],
    };
  }
}
