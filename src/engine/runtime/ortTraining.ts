import * as ort from 'onnxruntime-node';
import { SextantError } from '../../shared/errors.ts';
import type { ParameterGradient } from './onnx/gradientNodes.ts';
import type { LoweredTraining } from './onnx/lowerGradient.ts';
import { createSession, type Matrix, type OrtModelOptions } from './ortModel.ts';
import { PackedFeeds } from './packedFeeds.ts';
import type { PackedInput } from './packedInput.ts';

/** A trained tensor, or a factor of one, held by the caller, who may change it between runs. */
export interface Parameter {
  readonly data: Float32Array;
  /** `[rows, columns]`, or `[rows]` of a vector. */
  readonly shape: readonly number[];
}

export interface TrainingRun {
  readonly result: Matrix;
  readonly gradients: readonly { readonly of: ParameterGradient; readonly data: Float32Array }[];
}

/** A lowered network whose parameters are fed to each run. `run` blocks its thread. */
export class OrtTraining {
  readonly #session: ort.InferenceSession;
  readonly #lowered: LoweredTraining;
  readonly #feeds: PackedFeeds;

  private constructor(session: ort.InferenceSession, lowered: LoweredTraining) {
    this.#session = session;
    this.#lowered = lowered;
    this.#feeds = new PackedFeeds(lowered.feeds);
  }

  static async open(lowered: LoweredTraining, options: OrtModelOptions): Promise<OrtTraining> {
    return new OrtTraining(await createSession(lowered.model, options), lowered);
  }

  /** Runs a pack; `seed` is the gradient of the result, `[B, columns]`, where the graph has gradients. */
  async run(input: PackedInput, parameters: ReadonlyMap<string, Parameter>, seed?: Matrix): Promise<TrainingRun> {
    const feeds = this.#feeds.make(input);
    for (const { name, rows } of this.#lowered.parameters) {
      const { data, shape } = parameterOf(parameters, rows.tensor);
      const [, columns = 1] = shape;
      const values = data.subarray(rows.start * columns, (rows.start + rows.count) * columns);
      feeds[name] = new ort.Tensor('float32', values, [rows.count, ...shape.slice(1)]);
    }
    if (this.#lowered.seed !== undefined && seed !== undefined) {
      feeds[this.#lowered.seed] = new ort.Tensor('float32', seed.data, [seed.rows, seed.columns]);
    }
    const outputs = await this.#session.run(feeds);
    const result = outputs[this.#lowered.result]!;
    const [rows = 0, columns = 0] = result.dims;
    return {
      result: { data: result.data as Float32Array, rows, columns },
      gradients: this.#lowered.gradients.map((of) => ({ of, data: outputs[of.value]!.data as Float32Array })),
    };
  }

  async dispose(): Promise<void> {
    await this.#session.release();
  }
}

function parameterOf(parameters: ReadonlyMap<string, Parameter>, name: string): Parameter {
  const parameter = parameters.get(name);
  if (parameter === undefined) throw new SextantError('internal', `The parameter “${name}” is missing.`);
  return parameter;
}
