import type { Network } from '../../model/network.ts';
import type { QuantizedWeights } from '../quantizedWeights.ts';
import { FeedInputs, type FeedPlan } from './feedInputs.ts';
import { ForwardNodes } from './forwardNodes.ts';
import { OnnxGraph } from './onnxGraph.ts';
import { QuantizedProducts } from './quantizedProducts.ts';
import { Values } from './values.ts';
import { FileWeights, type WeightsFile } from './weightNodes.ts';

/** A graph and what has to be fed to it. Its outputs are named `output_0` and so on. */
export interface LoweredNetwork {
  readonly model: Uint8Array;
  readonly outputs: readonly string[];
  readonly feeds: FeedPlan;
}

/**
 * Lowers a network to an ONNX graph whose weights stay where they are, in the safetensors file; with quantised weights,
 * linear layers multiply 8-bit integers, and their weights go into the graph.
 */
export function lowerNetwork(
  network: Network,
  weights: WeightsFile,
  outputs: readonly string[],
  quantized?: QuantizedWeights,
): LoweredNetwork {
  const graph = new OnnxGraph('sextant');
  const inputs = new FeedInputs(graph);
  const values = new Values();
  const forward = new ForwardNodes({
    graph,
    inputs,
    values,
    weights: new FileWeights(graph, weights),
    ...(quantized === undefined ? {} : { quantized: new QuantizedProducts(graph, quantized) }),
  });
  for (const operation of network.operations) forward.lower(operation);
  for (const [index, output] of outputs.entries()) {
    graph.node('Identity', [values.one(output)], {}, { output: `output_${index}` });
    graph.output(`output_${index}`, 'float32', [`rows_${index}`, `columns_${index}`]);
  }
  return { model: graph.finish(), outputs, feeds: inputs.plan };
}
