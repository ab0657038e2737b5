import * as ort from 'onnxruntime-node';
import { OnnxGraph } from './onnx/onnxGraph.ts';
import { createSession } from './ortModel.ts';

export interface SgemmShape {
  readonly rows: number;
  readonly inner: number;
  readonly columns: number;
}

export interface SgemmRate {
  /** GFLOP/s by the clock: the best run, since whatever else the machine does only ever takes away. */
  readonly wall: number;
  /** GFLOP for each second of a core, over all runs. */
  readonly cpu: number;
}

/**
 * The rate of ONNX Runtime's float32 matrix product on this machine, now: the ceiling of what the encoder can reach.
 * Blocks its thread.
 */
export async function sgemmRate(
  { rows, inner, columns }: SgemmShape,
  threads: number,
  repeats = 30,
): Promise<SgemmRate> {
  const graph = new OnnxGraph('sgemm');
  const weights = Float32Array.from({ length: columns * inner }, (_, index) => Math.sin(index));
  graph.input('x', 'float32', [rows, inner]);
  graph.constant('w', 'float32', [columns, inner], weights);
  graph.node('Gemm', ['x', 'w'], { transB: 1 }, { output: 'y' });
  graph.output('y', 'float32', [rows, columns]);
  // As the encoder's own sessions; the weights are in the graph itself.
  const session = await createSession(graph.finish(), { folder: '.', threads });
  try {
    const x = new ort.Tensor(
      'float32',
      Float32Array.from({ length: rows * inner }, (_, index) => Math.cos(index)),
      [rows, inner],
    );
    await session.run({ x });
    let best = Infinity;
    const before = process.cpuUsage();
    for (let repeat = 0; repeat < repeats; repeat++) {
      const start = performance.now();
      await session.run({ x });
      best = Math.min(best, performance.now() - start);
    }
    const { user, system } = process.cpuUsage(before);
    const operations = 2 * rows * inner * columns;
    return { wall: operations / best / 1e6, cpu: (repeats * operations) / (user + system) / 1e3 };
  } finally {
    await session.release();
  }
}
