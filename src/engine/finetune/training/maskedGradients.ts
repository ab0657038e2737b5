import { crossEntropyGradientOf } from '../../model/gradientOf.ts';
import { weightsName } from '../../model/modelFolder.ts';
import { lowerGradient } from '../../runtime/onnx/lowerGradient.ts';
import { OrtTraining } from '../../runtime/ortTraining.ts';
import { packedInput, type PackedInput } from '../../runtime/packedInput.ts';
import type { MaskedText } from './maskTokens.ts';
import type { Gradients } from './objective.ts';
import { packsOf, packTokensOf, type Checkpoint } from './packedGradients.ts';
import type { TrainingPlan } from './trainingPlan.ts';

/** Mean cross-entropy of the hidden tokens of a batch. It adds up over packs, so that each runs once. */
export class MaskedGradients implements Gradients<readonly MaskedText[]> {
  readonly #plan: TrainingPlan;
  readonly #session: OrtTraining;
  readonly #packTokens: number;

  private constructor(plan: TrainingPlan, session: OrtTraining) {
    this.#plan = plan;
    this.#session = session;
    this.#packTokens = packTokensOf(plan.network);
  }

  static async open(plan: TrainingPlan, threads: number): Promise<MaskedGradients> {
    const { model, network, result, trained } = plan;
    const weights = { file: weightsName, tensors: model.weights.tensors };
    const gradient = crossEntropyGradientOf(network, result, (tensor) => trained.has(tensor));
    const lowered = lowerGradient(gradient, weights, trained);
    return new MaskedGradients(plan, await OrtTraining.open(lowered, { folder: model.weightsRoot, threads }));
  }

  async step(
    texts: readonly MaskedText[],
    checkpoint: Checkpoint,
  ): Promise<{ readonly loss: number; readonly tokens: number }> {
    const { parameters } = this.#plan;
    const lists = texts.map(({ ids }) => ids);
    const share = 1 / texts.reduce((sum, { targets }) => sum + targets.length, 0);
    let loss = 0;
    for (const indices of packsOf(lists, this.#packTokens)) {
      checkpoint();
      const input = asked(
        indices.map((index) => texts[index]!),
        packedInput(lists, indices),
        share,
      );
      const run = await this.#session.run(input, parameters.byName);
      loss += run.result.data[0]!;
      parameters.add(run, input);
    }
    return { loss, tokens: lists.reduce((sum, { length }) => sum + length, 0) };
  }

  async dispose(): Promise<void> {
    await this.#session.dispose();
  }
}

/** A pack with the tokens that it asks about. */
function asked(texts: readonly MaskedText[], input: PackedInput, share: number): PackedInput {
  const rows = texts.flatMap(({ positions }, sequence) =>
    Array.from(positions, (position) => input.cuSeqlens[sequence]! + position),
  );
  const targets = texts.flatMap((text) => Array.from(text.targets));
  return { ...input, selection: { rows: Int32Array.from(rows), targets: Int32Array.from(targets), share } };
}
