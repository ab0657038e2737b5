import type {
  ActivateOperation,
  ActivationEpilogue,
  CrossEntropyOperation,
  GradientNetwork,
  GradientOperation,
  RowGradient,
  SelectOperation,
  TrainableNetwork,
} from './gradientNetwork.ts';
import type { AttentionOperation, EmbedOperation, LinearOperation, NormOperation, Operation } from './network.ts';
import { inputsOf } from './operationInputs.ts';

type ForwardOperation = Operation | SelectOperation | ActivateOperation;

/**
 * The network up to `result`, followed by the gradients of the tensors for which `trained` holds, given the gradient of
 * `result`. Nothing is computed for values that depend on no trained tensor.
 */
export function gradientOf(
  network: TrainableNetwork,
  result: string,
  trained: (tensor: string) => boolean,
): GradientNetwork {
  const { forward, backward } = bothWays(network, result, trained);
  const operations = [...forward, ...backward.operations];
  return { network, operations, result, seed: gradientName(result), rows: backward.rows };
}

/** The same where `logits` are the result and their cross-entropy is the loss: it is given back, and makes their gradient. */
export function crossEntropyGradientOf(
  network: TrainableNetwork,
  logits: string,
  trained: (tensor: string) => boolean,
): GradientNetwork {
  const { forward, backward } = bothWays(network, logits, trained);
  const loss: CrossEntropyOperation = {
    kind: 'cross-entropy',
    input: logits,
    output: gradientName(logits),
    loss: 'loss',
  };
  const operations = [...forward, loss, ...backward.operations];
  return { network, operations, result: loss.loss, rows: backward.rows };
}

function bothWays(
  network: TrainableNetwork,
  result: string,
  trained: (tensor: string) => boolean,
): { readonly forward: readonly ForwardOperation[]; readonly backward: Backward } {
  const forward = unfused(upTo(network.operations, result));
  const backward = new Backward(trained, forward);
  for (const operation of forward.toReversed()) backward.add(operation, result);
  return { forward, backward };
}

function gradientName(value: string): string {
  return `gradient of ${value}`;
}

function upTo(operations: TrainableNetwork['operations'], result: string): readonly (Operation | SelectOperation)[] {
  return operations.slice(0, operations.findIndex(({ output }) => output === result) + 1);
}

/** Splits operations whose rules need a value in between: norms of embeddings, activations of linear layers. */
function unfused(operations: readonly (Operation | SelectOperation)[]): ForwardOperation[] {
  return operations.flatMap((operation): ForwardOperation[] => {
    if (operation.kind === 'embed' && operation.norm !== undefined) {
      const { norm, ...embed } = operation;
      const sum = `${operation.output} before norm`;
      const after: NormOperation = {
        kind: 'norm',
        input: sum,
        output: operation.output,
        width: operation.width,
        ...norm,
      };
      return [{ ...embed, output: sum }, after];
    }
    if (operation.kind === 'linear' && isActivation(operation.epilogue)) {
      const { epilogue, ...linear } = operation;
      const before = `${operation.output} before activation`;
      const parts = epilogue.kind === 'gated' ? { parts: 2 as const } : {};
      return [
        { ...linear, ...parts, output: before },
        { kind: 'activate', input: before, output: operation.output, epilogue },
      ];
    }
    return [operation];
  });
}

function isActivation(epilogue: LinearOperation['epilogue']): epilogue is ActivationEpilogue {
  return epilogue?.kind === 'activation' || epilogue?.kind === 'gated';
}

/** Tensors an operation reads. */
function tensorsOf(operation: ForwardOperation): readonly string[] {
  switch (operation.kind) {
    case 'embed':
      return tablesOf(operation).map(({ tensor }) => tensor);
    case 'linear':
      return [...operation.weights, ...operation.biases].map(({ tensor }) => tensor);
    case 'norm':
      return operation.bias === undefined ? [operation.weight] : [operation.weight, operation.bias];
    default:
      return [];
  }
}

function tablesOf({ tokens, positions, types }: EmbedOperation): Omit<RowGradient, 'gradient'>[] {
  return [
    { tensor: tokens, index: { by: 'token' } },
    ...(positions === undefined
      ? []
      : [{ tensor: positions.weight, index: { by: 'position', offset: positions.offset } } as const]),
    ...(types === undefined ? [] : [{ tensor: types, index: { by: 'type' } } as const]),
  ];
}

/** Walks the forward operations from the last to the first and collects what each sends back. */
class Backward {
  readonly operations: GradientOperation[] = [];
  readonly rows: RowGradient[] = [];
  readonly #trained: (tensor: string) => boolean;
  /** Values that depend on a trained tensor. */
  readonly #active = new Set<string>();
  /** What was sent back to each value so far. */
  readonly #sent = new Map<string, string[]>();

  constructor(trained: (tensor: string) => boolean, forward: readonly ForwardOperation[]) {
    this.#trained = trained;
    for (const operation of forward) {
      const active = tensorsOf(operation).some(trained) || inputsOf(operation).some((name) => this.#active.has(name));
      if (active) this.#active.add(operation.output);
    }
  }

  add(operation: ForwardOperation, result: string): void {
    if (!this.#active.has(operation.output)) return;
    const gradient = operation.output === result ? gradientName(result) : this.#received(operation.output);
    if (gradient === undefined) return;
    switch (operation.kind) {
      case 'embed':
        for (const table of tablesOf(operation))
          if (this.#trained(table.tensor)) this.rows.push({ ...table, gradient });
        return;
      case 'norm': {
        this.#norm(operation, gradient);
        return;
      }
      case 'linear': {
        this.#linear(operation, gradient);
        return;
      }
      case 'activate': {
        const { input, epilogue } = operation;
        this.#send(input, (output) => ({ kind: 'activate-gradient', input, gradient, output, epilogue }));
        return;
      }
      case 'attention': {
        this.#attention(operation, gradient);
        return;
      }
      case 'select': {
        const { input, width } = operation;
        this.#send(input, (output) => ({ kind: 'select-gradient', gradient, output, width }));
        return;
      }
      case 'pool': {
        const { input, width, how } = operation;
        this.#send(input, (output) => ({ kind: 'pool-gradient', gradient, output, width, how }));
        return;
      }
      case 'normalize':
        this.#send(operation.input, (output) => ({
          kind: 'normalize-gradient',
          gradient,
          output,
          normalize: operation,
        }));
        return;
    }
  }

  #norm({ input, weight, bias, epsilon, width }: NormOperation, gradient: string): void {
    const norm = { input, gradient, width, weight, epsilon, ...(bias === undefined ? {} : { bias }) };
    if (this.#trained(weight) || (bias !== undefined && this.#trained(bias))) {
      this.operations.push({ kind: 'norm-weight-gradient', ...norm });
    }
    this.#send(input, (output) => ({ kind: 'norm-input-gradient', ...norm, output }));
  }

  #linear(linear: LinearOperation, received: string): void {
    const { input, output, epilogue, outputWidth, parts = 1 } = linear;
    let gradient = received;
    if (epilogue?.kind === 'residual') this.#sendAsIs(epilogue.value, gradient);
    if (epilogue?.kind === 'rotary') {
      const { theta, headSize } = epilogue;
      gradient = `${gradientName(output)} before rotation`;
      const width = outputWidth / parts;
      this.operations.push({
        kind: 'rotate-gradient',
        gradient: received,
        output: gradient,
        parts,
        width,
        theta,
        headSize,
      });
    }
    if ([...linear.weights, ...linear.biases].some(({ tensor }) => this.#trained(tensor))) {
      this.operations.push({ kind: 'linear-weight-gradient', input, gradient, linear });
    }
    this.#send(input, (sent) => ({ kind: 'linear-input-gradient', gradient, output: sent, linear }));
  }

  #attention(attention: AttentionOperation, gradient: string): void {
    const { input, query } = attention;
    const output = this.#register(input);
    const queryOutput = query === undefined ? {} : { queryOutput: this.#register(query) };
    this.operations.push({ kind: 'attention-gradient', attention, gradient, output, ...queryOutput });
  }

  #send(value: string, operation: (output: string) => GradientOperation): void {
    if (this.#active.has(value)) this.operations.push(operation(this.#register(value)));
  }

  #sendAsIs(value: string, gradient: string): void {
    if (this.#active.has(value)) this.#sent.set(value, [...(this.#sent.get(value) ?? []), gradient]);
  }

  #register(value: string): string {
    const before = this.#sent.get(value) ?? [];
    const name = before.length === 0 ? gradientName(value) : `${gradientName(value)} (${before.length + 1})`;
    this.#sent.set(value, [...before, name]);
    return name;
  }

  /** The whole gradient of a value, once all its readers were passed. */
  #received(value: string): string | undefined {
    const inputs = this.#sent.get(value) ?? [];
    if (inputs.length <= 1) return inputs[0];
    const output = `${gradientName(value)} in all`;
    this.operations.push({ kind: 'sum', inputs, output });
    return output;
  }
}
