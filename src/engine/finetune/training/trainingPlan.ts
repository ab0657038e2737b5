import { SeededRandom } from '../../bench/seededRandom.ts';
import { weightsName, type ModelFolder } from '../../model/modelFolder.ts';
import type { SelectOperation, TrainableNetwork } from '../../model/gradientNetwork.ts';
import type { Operation } from '../../model/network.ts';
import type { NewTensor } from '../../model/newHeadTensors.ts';
import { TensorValues } from '../../model/tensorValues.ts';
import { factorNames, type TrainedTensor, type TrainedTensors } from '../../runtime/onnx/trainedWeights.ts';
import { ParameterSet, type NewParameter } from './parameterSet.ts';
import type { OptimizerSettings } from './trainingTypes.ts';

/** What of a network is trained, and how. */
export interface TrainingPlan<N extends TrainableNetwork = TrainableNetwork> {
  readonly model: ModelFolder;
  readonly network: N;
  /** The value that the loss is computed from. */
  readonly result: string;
  readonly trained: TrainedTensors;
  readonly parameters: ParameterSet;
}

interface Use {
  readonly matrix: boolean;
  readonly table: boolean;
}

type PlanSettings = Pick<OptimizerSettings, 'method' | 'loraRank' | 'loraAlpha' | 'loraEmbeddings' | 'seed'>;

/** Heads are trained in full whatever the method; so are tensors that are new. */
export function planTraining<N extends TrainableNetwork>(
  model: ModelFolder,
  network: N,
  result: string,
  settings: PlanSettings,
  created: ReadonlyMap<string, NewTensor> = new Map(),
): TrainingPlan<N> {
  using values = new TensorValues(model.weightsRoot, weightsName);
  const random = new SeededRandom(settings.seed);
  const trained = new Map<string, TrainedTensor>();
  const parameters: NewParameter[] = [];
  for (const [tensor, use] of usedTensors(network.operations)) {
    const head = created.has(tensor) || !model.encoder.weights.has(tensor);
    const shape = network.weights.get(tensor) ?? [];
    const how = methodFor(use, shape, head ? { ...settings, method: 'full' } : settings);
    if (how === undefined) continue;
    trained.set(tensor, how);
    if (how.kind === 'full') {
      const data = created.get(tensor)?.data ?? values.read(model.weights.tensors.get(tensor)!);
      parameters.push({ name: tensor, shape, data, decays: shape.length > 1, table: use.table && !use.matrix });
    } else {
      parameters.push(...factors(tensor, shape, how, use, random));
    }
  }
  return { model, network, result, trained, parameters: new ParameterSet(parameters) };
}

function methodFor(
  { matrix, table }: Use,
  shape: readonly number[],
  { method, loraRank, loraAlpha, loraEmbeddings }: PlanSettings,
): TrainedTensor | undefined {
  if (method === 'full') return { kind: 'full' };
  if (table ? !loraEmbeddings : !matrix) return undefined;
  const rank = Math.min(loraRank, ...shape);
  return { kind: table ? 'low-rank-table' : 'low-rank', rank, scale: loraAlpha / loraRank };
}

/** One factor is 0 at first, so that training starts from the model as it is; the other one is spread (Hu et al. 2021, §4.1). */
function factors(
  tensor: string,
  [rows = 1, columns = 1]: readonly number[],
  { kind, rank }: Exclude<TrainedTensor, { readonly kind: 'full' }>,
  use: Use,
  random: SeededRandom,
): NewParameter[] {
  const a = factorNames.a(tensor);
  const b = factorNames.b(tensor);
  if (kind === 'low-rank-table') {
    const wide = Float32Array.from({ length: columns * rank }, () => random.gaussian());
    return [
      { name: a, shape: [rows, rank], data: new Float32Array(rows * rank), decays: true, table: !use.matrix },
      { name: b, shape: [columns, rank], data: wide, decays: true, table: false },
    ];
  }
  const bound = 1 / Math.sqrt(columns);
  const wide = Float32Array.from({ length: rank * columns }, () => (2 * random.next() - 1) * bound);
  return [
    { name: a, shape: [rank, columns], data: wide, decays: true, table: false },
    { name: b, shape: [rows, rank], data: new Float32Array(rows * rank), decays: true, table: false },
  ];
}

/** Every tensor that operations read, with whether as a factor of products or as a table of tokens. */
function usedTensors(operations: readonly (Operation | SelectOperation)[]): Map<string, Use> {
  const uses = new Map<string, Use>();
  const add = (tensor: string | undefined, use: Partial<Use>): void => {
    if (tensor === undefined) return;
    const before = uses.get(tensor) ?? { matrix: false, table: false };
    uses.set(tensor, { matrix: before.matrix || use.matrix === true, table: before.table || use.table === true });
  };
  for (const operation of operations) {
    if (operation.kind === 'embed') {
      add(operation.tokens, { table: true });
      for (const small of [operation.positions?.weight, operation.types]) add(small, {});
      add(operation.norm?.weight, {});
      add(operation.norm?.bias, {});
    } else if (operation.kind === 'linear') {
      for (const { tensor } of operation.weights) add(tensor, { matrix: true });
      for (const { tensor } of operation.biases) add(tensor, {});
    } else if (operation.kind === 'norm') {
      add(operation.weight, {});
      add(operation.bias, {});
    }
  }
  return uses;
}
