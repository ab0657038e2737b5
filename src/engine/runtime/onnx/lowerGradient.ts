import type { GradientNetwork, TrainableNetwork } from '../../model/gradientNetwork.ts';
import type { Network, Operation } from '../../model/network.ts';
import { FeedInputs, type FeedPlan } from './feedInputs.ts';
import { ForwardNodes } from './forwardNodes.ts';
import { GradientNodes, type ParameterGradient } from './gradientNodes.ts';
import { OnnxGraph } from './onnxGraph.ts';
import { TrainedWeights, type ParameterInput, type TrainedTensors } from './trainedWeights.ts';
import { Values } from './values.ts';
import type { WeightsFile } from './weightNodes.ts';

/** A graph that is fed with parameters, and what has to be fed beside them. */
export interface LoweredTraining {
  readonly model: Uint8Array;
  readonly feeds: FeedPlan;
  readonly parameters: readonly ParameterInput[];
  /** Name of the input that takes the gradient of the result; nothing in a graph that runs forward only or makes its own loss. */
  readonly seed?: string;
  /** Name of the output that holds the result. */
  readonly result: string;
  /** Gradients of the parameters; `value` is the name of the output. */
  readonly gradients: readonly ParameterGradient[];
}

const result = 'result';
const seed = 'seed';

/** Lowers a network with its gradient to one ONNX graph, whose trained weights are inputs and whose gradients are outputs. */
export function lowerGradient(
  network: GradientNetwork,
  weights: WeightsFile,
  trained: TrainedTensors,
): LoweredTraining {
  const lowering = new TrainingLowering(network.network, weights, trained);
  const { forward, values, graph } = lowering;
  const gradients = new GradientNodes(lowering);
  if (network.seed !== undefined) {
    graph.input(seed, 'float32', ['B', 'result_columns']);
    values.set(network.seed, [seed]);
  }
  for (const operation of network.operations) {
    if (isForward(operation)) forward.lower(operation);
    else gradients.lower(operation);
  }
  for (const rows of network.rows) gradients.rows(rows);
  const outputs = gradients.parameters.map((gradient, index) => {
    const value = graph.node('Identity', [gradient.value], {}, { output: `gradient_${index}` });
    graph.output(value, 'float32');
    return { ...gradient, value };
  });
  return { ...lowering.finish(network.result), ...(network.seed === undefined ? {} : { seed }), gradients: outputs };
}

/** Lowers the forward operations alone, over the same parameters. */
export function lowerTrained(
  network: Network,
  value: string,
  weights: WeightsFile,
  trained: TrainedTensors,
): LoweredTraining {
  const lowering = new TrainingLowering(network, weights, trained);
  for (const operation of network.operations) lowering.forward.lower(operation);
  return { ...lowering.finish(value), gradients: [] };
}

function isForward(operation: GradientNetwork['operations'][number]): operation is Operation {
  switch (operation.kind) {
    case 'embed':
    case 'norm':
    case 'linear':
    case 'attention':
    case 'pool':
    case 'normalize':
      return true;
    default:
      return false;
  }
}

class TrainingLowering {
  readonly graph = new OnnxGraph('training');
  readonly inputs = new FeedInputs(this.graph);
  readonly values = new Values();
  readonly trained: TrainedTensors;
  readonly weights: TrainedWeights;
  readonly forward: ForwardNodes;

  constructor(network: TrainableNetwork, weights: WeightsFile, trained: TrainedTensors) {
    this.trained = trained;
    this.weights = new TrainedWeights(this.graph, weights, trained, network.weights);
    this.forward = new ForwardNodes(this);
  }

  finish(value: string): Pick<LoweredTraining, 'model' | 'feeds' | 'parameters' | 'result'> {
    this.graph.node('Identity', [this.values.one(value)], {}, { output: result });
    this.graph.output(result, 'float32', ['B', 'result_columns']);
    return { model: this.graph.finish(), feeds: this.inputs.plan, parameters: this.weights.inputs, result };
  }
}
