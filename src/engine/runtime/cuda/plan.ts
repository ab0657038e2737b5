import { SextantError } from '../../../shared/errors.ts';
import { firstTokenOnly } from '../../model/firstTokenOnly.ts';
import type {
  Activation,
  AttentionOperation,
  EmbedOperation,
  LinearOperation,
  Network,
  NormOperation,
  NormWeights,
  Operation,
  Pooling,
} from '../../model/network.ts';
import { inputsOf } from '../../model/operationInputs.ts';
import type { TensorInfo, TensorType } from '../../model/safetensors.ts';
import { assignSlots, type PlannedValue } from './planSlots.ts';
import { PlanTensors, type PlanTensor, type RowOrder } from './planTensors.ts';

/** What a row of the result is: floats, bytes of round(127 x / max |x|), or signs, eight a byte, lowest bit first. */
export type ResultFormat = 'f32' | 'int8' | 'sign';

/** A network as the addon takes it: a flat list of numbers, in the order that `native/core/plan.cc` reads. */
export interface CudaPlan {
  readonly words: Float64Array;
  /** Weights files in the order the words count them, as `TensorInfo.file` has them. */
  readonly files: readonly (string | undefined)[];
  readonly resultColumns: number;
  /** Rows of the result are sequences; else tokens. */
  readonly perSequence: boolean;
  readonly format: ResultFormat;
}

const magic = 0x53585450;
const version = 1;
const nothing = -1;
const activations: readonly Activation[] = ['gelu', 'gelu_tanh', 'silu', 'relu', 'tanh'];
const formats: readonly (ResultFormat | 'element')[] = ['element', 'f32', 'int8', 'sign'];
const poolings = ['mean', 'cls', 'rows'] as const;
const tensorTypes: readonly TensorType[] = ['F32', 'F16', 'BF16'];
const epilogues = ['none', 'residual', 'activation', 'gated', 'rotary'] as const;
const rowOrders: readonly RowOrder['kind'][] = ['plain', 'interleaved', 'rotary'];
const opcodes = { embed: 1, norm: 2, linear: 3, attention: 4, pool: 5 } as const;

/** Pooling and what may follow it, in one. `rows` takes each row by itself. */
interface PooledOperation {
  readonly kind: 'pooled';
  readonly input: string;
  readonly output: string;
  readonly width: number;
  readonly dimension: number;
  readonly how: Pooling | 'rows';
  readonly normalize: boolean;
}

type PlannedOperation = EmbedOperation | NormOperation | LinearOperation | AttentionOperation | PooledOperation;

interface RotaryTable {
  readonly theta: number;
  readonly headSize: number;
}

/**
 * Plans a network for the addon: rows of weights in the order its kernels want, one buffer for values that do not live at
 * the same time, a normalisation done together with its pooling.
 *
 * @param output the value to return, as float32 or (embeddings only) in another format
 * @throws SextantError `runtime_unavailable` for what the kernels cannot do
 */
export function planNetwork(
  network: Network,
  tensors: ReadonlyMap<string, TensorInfo>,
  output: string,
  format: ResultFormat = 'f32',
): CudaPlan {
  return new Planner(firstTokenOnly(network), tensors, output, format).plan();
}

class Planner {
  readonly #network: Network;
  readonly #operations: readonly PlannedOperation[];
  readonly #output: string;
  readonly #format: ResultFormat;
  readonly #tensors: PlanTensors;
  readonly #tables: RotaryTable[] = [];
  readonly #values = new Map<string, PlannedValue>();
  #slots: ReadonlyMap<string, number> = new Map();

  constructor(network: Network, tensors: ReadonlyMap<string, TensorInfo>, output: string, format: ResultFormat) {
    this.#network = network;
    this.#output = output;
    this.#format = format;
    this.#tensors = new PlanTensors(tensors);
    this.#operations = withPooling(needed(network.operations, output));
    for (const [index, operation] of this.#operations.entries()) this.#describe(operation, index);
  }

  plan(): CudaPlan {
    const result = this.#value(this.#output);
    const { slots, of } = assignSlots(
      this.#values,
      this.#operations.length,
      this.#isWrittenAsResult() ? [this.#output] : [],
    );
    this.#slots = of;
    const operations = this.#operations.map((operation) => this.#encode(operation));
    if (of.has(this.#output)) operations.push(this.#copyOut(result.width));
    const { perSequence, width } = result;
    const header = [
      magic,
      version,
      this.#network.vocabularySize,
      this.#network.maxTokens,
      width,
      flag(perSequence),
      formats.indexOf(this.#format),
      this.#tensors.list.length,
      this.#tables.length,
      slots.length,
      operations.length,
    ];
    const words = [
      ...header,
      ...this.#tensors.list.flatMap(tensorWords),
      ...this.#tables.flatMap(({ theta, headSize }) => [theta, headSize, this.#network.maxTokens]),
      ...slots.flatMap((slot) => [flag(slot.perSequence), slot.width]),
      ...operations.flat(),
    ];
    return {
      words: Float64Array.from(words),
      files: this.#tensors.files,
      resultColumns: width,
      perSequence,
      format: this.#format,
    };
  }

  /** Records what an operation makes and when its inputs are read. */
  #describe(operation: PlannedOperation, index: number): void {
    for (const input of inputsOf(operation)) this.#value(input).lastUse = index;
    const { output } = operation;
    const perSequence = this.#isPerSequence(operation);
    const reuses =
      operation.kind === 'linear' && operation.epilogue?.kind === 'residual'
        ? operation.epilogue.value
        : operation.kind === 'norm'
          ? operation.input
          : undefined;
    const made = { width: widthOf(operation), perSequence, made: index, lastUse: index };
    this.#values.set(output, reuses === undefined ? made : { ...made, reuses });
  }

  #isPerSequence(operation: PlannedOperation): boolean {
    if (operation.kind === 'embed') return false;
    if (operation.kind === 'attention') return operation.query !== undefined;
    if (operation.kind === 'pooled' && operation.how !== 'rows') return true;
    return this.#value(operation.input).perSequence;
  }

  #value(name: string): PlannedValue {
    const value = this.#values.get(name);
    if (value === undefined) throw new SextantError('internal', `The network reads “${name}” before it is made.`);
    return value;
  }

  /** Some operations write the result as it goes out; what others make is copied from its buffer. */
  #isWrittenAsResult(): boolean {
    const last = this.#operations.at(-1)!;
    if (last.kind === 'pooled') return true;
    return last.kind === 'linear' && (last.epilogue === undefined || last.epilogue.kind === 'activation');
  }

  #copyOut(width: number): number[] {
    const words = [opcodes.pool, width, width, poolings.indexOf('rows'), flag(false), this.#slot(this.#output)];
    return [...words, 1];
  }

  #encode(operation: PlannedOperation): number[] {
    switch (operation.kind) {
      case 'embed':
        return this.#embed(operation);
      case 'norm':
        return this.#norm(operation);
      case 'linear':
        return this.#linear(operation);
      case 'attention':
        return this.#attention(operation);
      case 'pooled':
        return this.#pooled(operation);
    }
  }

  #place(output: string): number[] {
    return output === this.#output && !this.#slots.has(output) ? [1] : [0, this.#slot(output)];
  }

  #slot(value: string): number {
    const slot = this.#slots.get(value);
    if (slot === undefined) throw new SextantError('internal', `No buffer was planned for “${value}”.`);
    return slot;
  }

  #embed({ output, width, tokens, positions, types, norm }: EmbedOperation): number[] {
    const table = (name: string): number => this.#tensors.matrix([this.#tensors.whole(name)], width);
    return [
      opcodes.embed,
      width,
      ...this.#place(output),
      table(tokens),
      positions?.offset ?? 0,
      ...optional(positions === undefined ? undefined : table(positions.weight)),
      ...optional(types === undefined ? undefined : table(types)),
      ...(norm === undefined ? [0] : [1, ...this.#normWords(norm)]),
    ];
  }

  #normWords({ weight, bias, epsilon }: NormWeights): number[] {
    const vector = (name: string): number => this.#tensors.vector([this.#tensors.whole(name)]);
    return [vector(weight), ...optional(bias === undefined ? undefined : vector(bias)), epsilon];
  }

  #norm(operation: NormOperation): number[] {
    const { input, output, width } = operation;
    return [opcodes.norm, width, this.#slot(input), ...this.#place(output), ...this.#normWords(operation)];
  }

  #linear(operation: LinearOperation): number[] {
    const { input, output, inputWidth, outputWidth, weights, biases, epilogue } = operation;
    const order = this.#rowOrder(operation);
    return [
      opcodes.linear,
      outputWidth,
      inputWidth,
      epilogues.indexOf(epilogue?.kind ?? 'none'),
      epilogue !== undefined && 'activation' in epilogue ? activations.indexOf(epilogue.activation) : 0,
      this.#slot(input),
      ...this.#place(output),
      this.#tensors.matrix(weights, inputWidth, order),
      ...optional(biases.length === 0 ? undefined : this.#tensors.vector(biases, order)),
      ...(epilogue?.kind === 'residual' ? [this.#slot(epilogue.value)] : []),
      ...(epilogue?.kind === 'rotary' ? [this.#table(epilogue), rotatedColumns(operation), epilogue.headSize] : []),
    ];
  }

  #rowOrder(operation: LinearOperation): RowOrder {
    const { epilogue, output, outputWidth } = operation;
    if (epilogue?.kind === 'gated') return { kind: 'interleaved' };
    const rotary = epilogue?.kind === 'rotary' ? epilogue : this.#rotaryOfKeys(output);
    if (rotary === undefined) return { kind: 'plain' };
    const { headSize } = rotary;
    if (headSize % 8 !== 0) throw unsupported(`attention heads of ${headSize} columns`);
    return { kind: 'rotary', rows: rotary === epilogue ? rotatedColumns(operation) : outputWidth, headSize };
  }

  /** Queries of first tokens do not turn, but they meet keys whose columns were reordered for turning. */
  #rotaryOfKeys(query: string): RotaryTable | undefined {
    const attention = this.#operations.find((operation) => operation.kind === 'attention' && operation.query === query);
    if (attention?.kind !== 'attention') return undefined;
    const keys = this.#operations.find(({ output }) => output === attention.input);
    return keys?.kind === 'linear' && keys.epilogue?.kind === 'rotary' ? keys.epilogue : undefined;
  }

  #table({ theta, headSize }: RotaryTable): number {
    const index = this.#tables.findIndex((table) => table.theta === theta && table.headSize === headSize);
    return index >= 0 ? index : this.#tables.push({ theta, headSize }) - 1;
  }

  #attention({ input, output, heads, headSize, scale, window, query }: AttentionOperation): number[] {
    return [
      opcodes.attention,
      heads,
      headSize,
      flag(query !== undefined),
      this.#slot(input),
      ...(query === undefined ? [] : [this.#slot(query)]),
      ...this.#place(output),
      scale,
      window ?? nothing,
    ];
  }

  #pooled({ input, output, width, dimension, how, normalize }: PooledOperation): number[] {
    const words = [opcodes.pool, width, dimension, poolings.indexOf(how), flag(normalize), this.#slot(input)];
    return [...words, ...this.#place(output)];
  }
}

/** The operations that the output depends on, in their order. */
function needed(operations: readonly Operation[], output: string): Operation[] {
  const wanted = new Set([output]);
  const kept = operations.toReversed().filter((operation) => {
    if (!wanted.has(operation.output)) return false;
    for (const input of inputsOf(operation)) wanted.add(input);
    return true;
  });
  return kept.reverse();
}

/** Joins each normalisation with the pooling whose rows it alone reads. */
function withPooling(operations: readonly Operation[]): PlannedOperation[] {
  const readers = (value: string): Operation[] => operations.filter((operation) => inputsOf(operation).includes(value));
  const isJoined = (operation: Operation): boolean => {
    const [reader, ...others] = operation.kind === 'pool' ? readers(operation.output) : [];
    return reader?.kind === 'normalize' && others.length === 0;
  };
  return operations.flatMap((operation): PlannedOperation[] => {
    if (isJoined(operation)) return [];
    if (operation.kind === 'pool') {
      return [{ ...operation, kind: 'pooled', dimension: operation.width, normalize: false }];
    }
    if (operation.kind !== 'normalize') return [operation];
    const source = operations.find(({ output }) => output === operation.input);
    const { output, dimension } = operation;
    const shared = { kind: 'pooled', output, dimension, normalize: true } as const;
    if (source?.kind === 'pool' && isJoined(source)) {
      return [{ ...shared, input: source.input, width: source.width, how: source.how }];
    }
    return [{ ...shared, input: operation.input, width: operation.width, how: 'rows' }];
  });
}

function widthOf(operation: PlannedOperation): number {
  switch (operation.kind) {
    case 'embed':
    case 'norm':
      return operation.width;
    case 'linear':
      return operation.epilogue?.kind === 'gated' ? operation.outputWidth / 2 : operation.outputWidth;
    case 'attention':
      return operation.heads * operation.headSize;
    case 'pooled':
      return operation.dimension;
  }
}

/** All blocks of q|k|v or k|v turn but the last. */
function rotatedColumns(operation: LinearOperation): number {
  const parts = operation.parts ?? 1;
  return (operation.outputWidth / parts) * (parts - 1);
}

function tensorWords({ isVector, rows, columns, order, sources }: PlanTensor): number[] {
  const rotary = order.kind === 'rotary' ? [order.rows, order.headSize] : [0, 0];
  return [
    flag(isVector),
    rows,
    columns,
    rowOrders.indexOf(order.kind),
    ...rotary,
    sources.length,
    ...sources.flatMap(({ file, offset, type, rows: count }) => [file, offset, tensorTypes.indexOf(type), count]),
  ];
}

function flag(value: boolean): number {
  return value ? 1 : 0;
}

function optional(index: number | undefined): number[] {
  return index === undefined ? [0] : [1, index];
}

function unsupported(what: string): SextantError {
  return new SextantError('runtime_unavailable', `The CUDA kernels do not support ${what}.`);
}
