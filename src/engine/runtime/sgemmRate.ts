import * as ort from 'onnxruntime-node';
import { OnnxGraph } from './onnx/onnxGraph.ts';

export interface SgemmShape {
  readonly rows: number;
  readonly inner: number;
  readonly columns: number;
}

/**
 * GFLOP/s of ONNX Runtime's float32 matrix product on this machine, now: the ceiling of what the encoder can reach.
 * The best of `repeats` runs, since whatever else runs only ever takes away. Blocks its thread.
 */
export async function sgemmRate({ rows, inner, columns }: SgemmShape, threads: number, repeats = 30): Promise<number> {
  const graph = new OnnxGraph('sgemm');
  const weights = Float32Array.from({ length: columns * inner }, (_, index) => Math.sin(index));
  graph.input('x', 'float32', [rows, inner]);
  graph.constant('w', 'float32', [columns, inner], weights);
  graph.node('Gemm', ['x', 'w'], { transB: 1 }, { output: 'y' });
  graph.output('y', 'float32', [rows, columns]);
  const session = await ort.InferenceSession.create(graph.finish(), { intraOpNumThreads: threads });
  try {
    const x = new ort.Tensor(
      'float32',
      Float32Array.from({ length: rows * inner }, (_, index) => Math.cos(index)),
      [rows, inner],
    );
    let best = Infinity;
    for (let repeat = 0; repeat < repeats; repeat++) {
      const start = performance.now();
      await session.run({ x });
      best = Math.min(best, performance.now() - start);
    }
    return (2 * rows * inner * columns) / best / 1e6;
  } finally {
    await session.release();
  }
}
