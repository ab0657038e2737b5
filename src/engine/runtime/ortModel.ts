import * as ort from 'onnxruntime-node';
import { SextantError } from '../../shared/errors.ts';
import type { LoweredNetwork } from './onnx/lowerNetwork.ts';
import { turnTelemetryOff } from './ortTelemetry.ts';
import { PackedFeeds } from './packedFeeds.ts';
import type { PackedInput } from './packedInput.ts';
import { providers, type ProviderName } from './providers/providers.ts';

export interface Matrix {
  readonly data: Float32Array;
  readonly rows: number;
  readonly columns: number;
}

export interface OrtModelOptions {
  /** Folder that holds the weights file which the graph names. */
  readonly folder: string;
  readonly threads: number;
  /** What computes instead of the CPU, which takes over what it cannot. */
  readonly provider?: ProviderName;
}

/** A lowered network in an ONNX Runtime session on the CPU. `run` blocks its thread, so it belongs in a worker. */
export class OrtModel {
  readonly #session: ort.InferenceSession;
  readonly #outputs: readonly string[];
  readonly #feeds: PackedFeeds;

  private constructor(session: ort.InferenceSession, network: LoweredNetwork) {
    this.#session = session;
    this.#outputs = network.outputs;
    this.#feeds = new PackedFeeds(network.feeds);
  }

  static async open(network: LoweredNetwork, options: OrtModelOptions): Promise<OrtModel> {
    return new OrtModel(await createSession(network.model, options), network);
  }

  /** The outputs the graph was lowered for, in their order. */
  async run(input: PackedInput): Promise<Matrix[]> {
    const results = await this.#session.run(this.#feeds.make(input));
    return this.#outputs.map((_, index) => {
      const tensor = results[`output_${index}`]!;
      const [rows = 0, columns = 0] = tensor.dims;
      return { data: tensor.data as Float32Array, rows, columns };
    });
  }

  async dispose(): Promise<void> {
    await this.#session.release();
  }
}

/**
 * Opens a graph on the CPU.
 * @throws SextantError `runtime_unavailable` if ONNX Runtime does not take it.
 */
export async function createSession(
  model: Uint8Array,
  { folder, threads, provider }: OrtModelOptions,
): Promise<ort.InferenceSession> {
  const options: ort.InferenceSession.SessionOptions = {
    ...(provider === undefined ? {} : { executionProviders: [providers[provider], 'cpu'] }),
    intraOpNumThreads: threads,
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
    // Shapes differ from batch to batch, so recorded memory patterns would only pile up.
    enableMemPattern: false,
    logSeverityLevel: 3,
    extra: {
      'session.model_external_initializers_file_folder_path': folder,
      // Threads that wait for the next operation soon sleep: the cores are the editor's too.
      'session.intra_op.spin_duration_us': '50',
    },
  };
  turnTelemetryOff();
  try {
    return await ort.InferenceSession.create(model, options);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new SextantError('runtime_unavailable', `ONNX Runtime cannot load the model: ${why}`, { cause });
  }
}
