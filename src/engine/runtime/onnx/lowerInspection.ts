import type { Network } from '../../model/network.ts';
import { AttentionNodes } from './attentionNodes.ts';
import { FeedInputs } from './feedInputs.ts';
import { ForwardNodes } from './forwardNodes.ts';
import type { LoweredNetwork } from './lowerNetwork.ts';
import { OnnxGraph } from './onnxGraph.ts';
import { Values } from './values.ts';
import { FileWeights, type WeightsFile } from './weightNodes.ts';

/**
 * Lowers a network to a graph whose outputs are the attention weights of each layer, `[tiles, heads, queries, keys]` on the
 * grid of the layer's window.
 */
export function lowerAttention(network: Network, weights: WeightsFile): LoweredNetwork {
  const graph = new OnnxGraph('sextant');
  const inputs = new FeedInputs(graph);
  const values = new Values();
  const forward = new ForwardNodes({ graph, inputs, values, weights: new FileWeights(graph, weights) });
  const attention = new AttentionNodes(graph, inputs);
  const outputs: string[] = [];
  for (const operation of network.operations) {
    forward.lower(operation);
    if (operation.kind !== 'attention') continue;
    const { shares } = attention.probabilities(values.parts(operation.input, 3), operation);
    const name = `output_${outputs.length}`;
    graph.node('Identity', [shares], {}, { output: name });
    graph.output(name, 'float32');
    outputs.push(operation.output);
  }
  return { model: graph.finish(), outputs, feeds: inputs.plan };
}
