import os from 'node:os';
import { firstTokenOnly } from '../model/firstTokenOnly.ts';
import { readModelFolder } from '../model/modelFolder.ts';
import { operationsPerToken } from '../model/networkCost.ts';
import type { Precision } from '../runtime/encodeWorker.ts';
import { createEncoder } from '../runtime/createEncoder.ts';
import type { Encoder } from '../runtime/encoder.ts';
import { sgemmRate, type SgemmRate } from '../runtime/sgemmRate.ts';
import { latencyOf } from './latency.ts';
import { lengthTable, type LengthCost } from './lengthTable.ts';
import { sampleQueries, sampleTexts } from './sampleTexts.ts';

export interface EmbedBenchOptions {
  readonly modelDir: string;
  /** 0 takes every core. */
  readonly threads: number;
  /** Texts to embed; made-up code with lengths as chunks have them by default. */
  readonly texts?: readonly string[];
  readonly precision?: Precision;
  /** Measure what a token costs in texts of growing length, too. */
  readonly lengths?: boolean;
}

export interface EmbedBenchResult {
  readonly model: string;
  readonly backend: string;
  readonly threads: number;
  readonly texts: number;
  readonly tokens: number;
  readonly loadMs: number;
  readonly tokensPerSecond: number;
  /** Tokens for each second of a core; holds on a busy machine, too. */
  readonly cpuTokensPerSecond: number;
  readonly textsPerSecond: number;
  readonly queryMsP50: number;
  readonly queryMsP95: number;
  /** Float32 matrix product in the widths of the model, measured in this run. */
  readonly sgemmGflops: SgemmRate;
  /** Share of the matrix product's rate that the encoder reaches. */
  readonly sgemmShare: SgemmRate;
  readonly rssBeforeBytes: number;
  readonly rssBytes: number;
  /** Most that the process ever held. */
  readonly peakRssBytes: number;
  /** On disk. */
  readonly weightsBytes: number;
  readonly lengths?: readonly LengthCost[];
}

/** Speed and memory of a model on this machine. */
export async function embedBench(options: EmbedBenchOptions): Promise<EmbedBenchResult> {
  const threads = options.threads > 0 ? options.threads : os.availableParallelism();
  const texts = options.texts ?? sampleTexts(512);
  const model = await readModelFolder(options.modelDir);
  const rssBeforeBytes = process.memoryUsage.rss();
  const loadStart = performance.now();
  const precision = options.precision ?? 'float32';
  const encoder = await createEncoder({ modelDir: options.modelDir, threads, backend: 'auto', precision });
  const loadMs = performance.now() - loadStart;
  try {
    await encoder.embed(texts.slice(0, 16), 'document');
    const before = process.cpuUsage();
    const start = performance.now();
    const { tokens } = await encoder.embed(texts, 'document');
    const seconds = (performance.now() - start) / 1000;
    const { user, system } = process.cpuUsage(before);
    const cpuSeconds = (user + system) / 1e6;
    const rssBytes = process.memoryUsage.rss();
    // Kilobytes on every system, as libuv gives it.
    const peakRssBytes = process.resourceUsage().maxRSS * 1024;
    const query = latencyOf(await queryTimes(encoder));
    const width = model.network.hiddenSize;
    const sgemmGflops = await sgemmRate({ rows: 512 * threads, inner: width, columns: 3 * width }, threads);
    const gflop = (operationsPerToken(firstTokenOnly(model.network), tokens / texts.length) * tokens) / 1e9;
    return {
      model: encoder.name,
      backend: encoder.backend.name,
      threads,
      texts: texts.length,
      tokens,
      loadMs,
      tokensPerSecond: tokens / seconds,
      cpuTokensPerSecond: tokens / cpuSeconds,
      textsPerSecond: texts.length / seconds,
      queryMsP50: query.p50,
      queryMsP95: query.p95,
      sgemmGflops,
      sgemmShare: { wall: gflop / seconds / sgemmGflops.wall, cpu: gflop / cpuSeconds / sgemmGflops.cpu },
      rssBeforeBytes,
      rssBytes,
      peakRssBytes,
      weightsBytes: model.weights.fileBytes,
      ...(options.lengths === true
        ? { lengths: await lengthTable(encoder, model.maxTokens, sampleTexts(4000).join('\n')) }
        : {}),
    };
  } finally {
    await encoder.dispose();
  }
}

async function queryTimes(encoder: Encoder): Promise<number[]> {
  const times: number[] = [];
  for (const query of sampleQueries(50)) {
    const start = performance.now();
    await encoder.embed([query], 'query');
    times.push(performance.now() - start);
  }
  return times;
}
