import { firstTokenOnly } from '../../model/firstTokenOnly.ts';
import { gradientOf } from '../../model/gradientOf.ts';
import { weightsName } from '../../model/modelFolder.ts';
import type { TrainableNetwork } from '../../model/gradientNetwork.ts';
import type { Network } from '../../model/network.ts';
import { lowerGradient, lowerTrained } from '../../runtime/onnx/lowerGradient.ts';
import type { Matrix } from '../../runtime/ortModel.ts';
import { OrtTraining } from '../../runtime/ortTraining.ts';
import { packedInput, type PackedInput } from '../../runtime/packedInput.ts';
import { packByLength } from '../../runtime/packing.ts';
import type { TrainingPlan } from './trainingPlan.ts';

/** Tokens that run together, on which the memory of a step depends: fewer where layers are many and wide. */
const packTokens = { least: 192, most: 1536 };
/** What the values of a pack may take, which all wait for their gradients. */
const packBytes = 768 * 1024 * 1024;
const maxSpread = 0.15;

/** Called between packs; throws to stop. */
export type Checkpoint = () => void;

/** What a step is computed from: a row of the result for each list of token ids, and the loss of these rows. */
export interface StepInput {
  readonly lists: readonly Int32Array[];
  readonly loss: (rows: Matrix) => { readonly loss: number; readonly gradient: Matrix };
}

interface Pack {
  readonly indices: readonly number[];
  readonly input: PackedInput;
}

/**
 * Gradients of a batch of any size in little memory (Gao et al. 2021, “Scaling Deep Contrastive Learning Batch Size under
 * Memory Limited Setup”): all rows first, without gradients; then the loss and its gradient by row; then each pack once
 * more, with its rows' gradients sent back.
 */
export class PackedGradients {
  readonly #plan: TrainingPlan<Network>;
  readonly #forward: OrtTraining;
  readonly #backward: OrtTraining;
  readonly #packTokens: number;

  private constructor(plan: TrainingPlan<Network>, forward: OrtTraining, backward: OrtTraining) {
    this.#plan = plan;
    this.#forward = forward;
    this.#backward = backward;
    this.#packTokens = packTokensOf(plan.network);
  }

  static async open(plan: TrainingPlan<Network>, threads: number): Promise<PackedGradients> {
    const { model, trained, result } = plan;
    const network = firstTokenOnly(plan.network);
    const weights = { file: weightsName, tensors: model.weights.tensors };
    const gradient = gradientOf(network, result, (tensor) => trained.has(tensor));
    const options = { folder: model.weightsRoot, threads };
    const forward = await OrtTraining.open(lowerTrained(network, result, weights, trained), options);
    try {
      return new PackedGradients(
        plan,
        forward,
        await OrtTraining.open(lowerGradient(gradient, weights, trained), options),
      );
    } catch (error) {
      await forward.dispose();
      throw error;
    }
  }

  /** A row of the result for each list of token ids, by the weights as they are; without lists, no rows. */
  rows(lists: readonly Int32Array[], checkpoint: Checkpoint): Promise<Matrix> {
    return this.#rows(lists.length, this.#packs(lists), checkpoint);
  }

  /** Adds the gradients of a step to the plan's parameters. */
  async step(
    { lists, loss: lossOf }: StepInput,
    checkpoint: Checkpoint,
  ): Promise<{ readonly loss: number; readonly tokens: number }> {
    const { parameters } = this.#plan;
    const packs = this.#packs(lists);
    const rows = await this.#rows(lists.length, packs, checkpoint);
    if (rows.rows === 0) return { loss: 0, tokens: 0 };
    const { loss, gradient } = lossOf(rows);
    const { columns } = rows;
    for (const { indices, input } of packs) {
      checkpoint();
      const seed = { data: new Float32Array(indices.length * columns), rows: indices.length, columns };
      for (const [row, index] of indices.entries()) copyRow(gradient, index, seed, row);
      parameters.add(await this.#backward.run(input, parameters.byName, seed), input);
    }
    return { loss, tokens: lists.reduce((sum, { length }) => sum + length, 0) };
  }

  #packs(lists: readonly Int32Array[]): Pack[] {
    return packsOf(lists, this.#packTokens).map((indices) => ({ indices, input: packedInput(lists, indices) }));
  }

  async #rows(count: number, packs: readonly Pack[], checkpoint: Checkpoint): Promise<Matrix> {
    let rows: Matrix = { data: new Float32Array(0), rows: 0, columns: 0 };
    for (const { indices, input } of packs) {
      checkpoint();
      const { result } = await this.#forward.run(input, this.#plan.parameters.byName);
      const { columns } = result;
      if (rows.rows === 0) rows = { data: new Float32Array(count * columns), rows: count, columns };
      for (const [row, index] of indices.entries()) copyRow(result, row, rows, index);
    }
    return rows;
  }

  async dispose(): Promise<void> {
    await Promise.all([this.#forward.dispose(), this.#backward.dispose()]);
  }
}

/** Tokens that may run together. */
export function packTokensOf(network: TrainableNetwork): number {
  const { least, most } = packTokens;
  return Math.max(least, Math.min(most, Math.floor(packBytes / bytesPerToken(network))));
}

/** The indices of the lists of each pack. */
export function packsOf(lists: readonly Int32Array[], tokens: number): (readonly number[])[] {
  const lengths = lists.map((list) => list.length);
  return packByLength(lengths, { tokens, spread: maxSpread }).map(({ indices }) => indices);
}

/** Values of a token and their gradients, as float32. */
function bytesPerToken({ operations }: TrainableNetwork): number {
  let columns = 0;
  for (const operation of operations) {
    if (operation.kind === 'linear') columns += operation.outputWidth;
    else if (operation.kind === 'attention') columns += operation.heads * operation.headSize;
    else if (operation.kind === 'embed' || operation.kind === 'norm') columns += operation.width;
  }
  return 2 * 4 * columns;
}

function copyRow(from: Matrix, row: number, to: Matrix, at: number): void {
  to.data.set(from.data.subarray(row * from.columns, (row + 1) * from.columns), at * to.columns);
}
