import { ProtobufWriter } from './protobufWriter.ts';

/** `TensorProto.DataType` of onnx.proto. */
const elementTypes = {
  float32: 1,
  uint8: 2,
  int8: 3,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
  bfloat16: 16,
} as const;
export type ElementType = keyof typeof elementTypes;

/** A dimension: its size, or the name of one that is known only when the graph runs. */
export type Dimension = number | string;

export type Attribute =
  number | string | readonly number[] | { readonly float: number } | { readonly graph: OnnxGraph };

interface Node {
  readonly type: string;
  readonly domain: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, Attribute>>;
}

interface Value {
  readonly name: string;
  readonly type: ElementType;
  /** Nothing if it may be of any shape. */
  readonly shape?: readonly Dimension[];
}

interface Initializer {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: readonly number[];
  readonly data: Uint8Array | { readonly file: string; readonly offset: number; readonly bytes: number };
}

/** onnxruntime's own fused operators live in this domain. */
export const microsoft = 'com.microsoft';

const opset = 20;
const irVersion = 10;

/** Collects the nodes of an ONNX graph and writes it as a `ModelProto` (onnx.proto of ONNX 1.16, opset 20). */
export class OnnxGraph {
  readonly #nodes: Node[] = [];
  readonly #inputs: Value[] = [];
  readonly #outputs: Value[] = [];
  readonly #initializers = new Map<string, Initializer>();
  readonly #name: string;
  #count = 0;

  constructor(name: string) {
    this.#name = name;
  }

  input(name: string, type: ElementType, shape: readonly Dimension[]): string {
    this.#inputs.push({ name, type, shape });
    return name;
  }

  output(name: string, type: ElementType, shape?: readonly Dimension[]): void {
    this.#outputs.push(shape === undefined ? { name, type } : { name, type, shape });
  }

  /** A name for a value which nothing else has; branches must not shadow the graph around them, hence the prefix. */
  fresh(hint: string): string {
    return `${this.#name}/${hint}_${this.#count++}`;
  }

  /** Adds a node with one output and returns that output's name; an empty input name leaves the input out. */
  node(
    type: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, Attribute>> = {},
    options: { domain?: string; output?: string } = {},
  ): string {
    const output = options.output ?? this.fresh(type);
    this.#nodes.push({ type, domain: options.domain ?? '', inputs, outputs: [output], attributes });
    return output;
  }

  /** Adds a node with several outputs and returns their names. */
  nodes(
    type: string,
    inputs: readonly string[],
    count: number,
    attributes: Readonly<Record<string, Attribute>>,
  ): string[] {
    const outputs = Array.from({ length: count }, () => this.fresh(type));
    this.#nodes.push({ type, domain: '', inputs, outputs, attributes });
    return outputs;
  }

  /** A constant held in the graph itself. */
  constant(name: string, type: ElementType, shape: readonly number[], data: ArrayBufferView): string {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    this.#initializers.set(name, { name, type, shape, data: bytes });
    return name;
  }

  /** One or more 64-bit integers, as shapes and axes are given. */
  integers(values: readonly number[]): string {
    const name = `${this.#name}/integers_${values.join('_')}`;
    if (this.#initializers.has(name)) return name;
    return this.constant(name, 'int64', [values.length], BigInt64Array.from(values.map(BigInt)));
  }

  scalar(value: number): string {
    const name = `${this.#name}/scalar_${value}`;
    return this.#initializers.has(name) ? name : this.constant(name, 'float32', [], Float32Array.of(value));
  }

  /** A constant that lies at `offset` (bytes) of `file`, which is named relative to the model's folder. */
  external(
    name: string,
    type: ElementType,
    shape: readonly number[],
    file: string,
    offset: number,
    bytes: number,
  ): string {
    this.#initializers.set(name, { name, type, shape, data: { file, offset, bytes } });
    return name;
  }

  has(initializer: string): boolean {
    return this.#initializers.has(initializer);
  }

  finish(): Uint8Array {
    return new ProtobufWriter()
      .integer(1, irVersion)
      .string(2, 'sextant')
      .message(7, (graph) => this.write(graph))
      .message(8, (id) => id.string(1, '').integer(2, opset))
      .message(8, (id) => id.string(1, microsoft).integer(2, 1))
      .finish();
  }

  /** Writes the `GraphProto`, of a model or of a branch. */
  write(graph: ProtobufWriter): void {
    for (const node of this.#nodes) graph.message(1, (message) => writeNode(message, node));
    graph.string(2, this.#name);
    for (const initializer of this.#initializers.values()) {
      graph.message(5, (message) => writeInitializer(message, initializer));
    }
    for (const input of this.#inputs) graph.message(11, (message) => writeValue(message, input));
    for (const output of this.#outputs) graph.message(12, (message) => writeValue(message, output));
  }
}

function writeNode(message: ProtobufWriter, node: Node): void {
  for (const input of node.inputs) message.string(1, input);
  for (const output of node.outputs) message.string(2, output);
  message.string(3, node.outputs[0] ?? '').string(4, node.type);
  for (const [name, value] of Object.entries(node.attributes)) {
    message.message(5, (attribute) => writeAttribute(attribute, name, value));
  }
  message.string(7, node.domain);
}

function writeAttribute(message: ProtobufWriter, name: string, value: Attribute): void {
  message.string(1, name);
  if (typeof value === 'number') message.integer(3, value).integer(20, 2);
  else if (typeof value === 'string') message.string(4, value).integer(20, 3);
  else if ('float' in value) message.float(2, value.float).integer(20, 1);
  else if ('graph' in value) message.message(6, (graph) => value.graph.write(graph)).integer(20, 5);
  else {
    for (const item of value) message.integer(8, item);
    message.integer(20, 7);
  }
}

function writeInitializer(message: ProtobufWriter, initializer: Initializer): void {
  for (const size of initializer.shape) message.integer(1, size);
  message.integer(2, elementTypes[initializer.type]).string(8, initializer.name);
  const { data } = initializer;
  if (data instanceof Uint8Array) {
    message.bytes(9, data);
    return;
  }
  const entries = { location: data.file, offset: String(data.offset), length: String(data.bytes) };
  for (const [key, value] of Object.entries(entries)) {
    message.message(13, (entry) => entry.string(1, key).string(2, value));
  }
  message.integer(14, 1);
}

function writeValue(message: ProtobufWriter, { name, type, shape }: Value): void {
  const writeTensor = (tensor: ProtobufWriter): void => {
    tensor.integer(1, elementTypes[type]);
    if (shape !== undefined) tensor.message(2, (dimensions) => writeShape(dimensions, shape));
  };
  message.string(1, name).message(2, (value) => value.message(1, writeTensor));
}

function writeShape(message: ProtobufWriter, shape: readonly Dimension[]): void {
  for (const size of shape) {
    message.message(1, (dimension) =>
      typeof size === 'number' ? dimension.integer(1, size) : dimension.string(2, size),
    );
  }
}
