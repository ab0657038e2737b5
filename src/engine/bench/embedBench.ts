import os from 'node:os';
import { firstTokenOnly } from '../model/firstTokenOnly.ts';
import { readModelFolder } from '../model/modelFolder.ts';
import { operationsPerToken } from '../model/networkCost.ts';
import { createEncoder } from '../runtime/createEncoder.ts';
import type { Encoder } from '../runtime/encoder.ts';
import { sgemmRate } from '../runtime/sgemmRate.ts';
import { sampleQueries, sampleTexts } from './sampleTexts.ts';

export interface EmbedBenchOptions {
  readonly modelDir: string;
  /** 0 takes every core. */
  readonly threads: number;
  /** Texts to embed; made-up code with lengths as chunks have them by default. */
  readonly texts?: readonly string[];
}

export interface EmbedBenchResult {
  readonly model: string;
  readonly backend: string;
  readonly threads: number;
  readonly texts: number;
  readonly tokens: number;
  readonly loadMs: number;
  readonly tokensPerSecond: number;
  readonly textsPerSecond: number;
  readonly queryMsP50: number;
  readonly queryMsP95: number;
  /** Float32 matrix product in the widths of the model, measured in this run. */
  readonly sgemmGflops: number;
  readonly encoderGflops: number;
  readonly sgemmShare: number;
  readonly rssBeforeBytes: number;
  readonly rssBytes: number;
}

/** Speed and memory of a model on this machine. */
export async function embedBench(options: EmbedBenchOptions): Promise<EmbedBenchResult> {
  const threads = options.threads > 0 ? options.threads : os.availableParallelism();
  const texts = options.texts ?? sampleTexts(512);
  const model = await readModelFolder(options.modelDir);
  const rssBeforeBytes = process.memoryUsage.rss();
  const loadStart = performance.now();
  const encoder = await createEncoder({ modelDir: options.modelDir, threads, backend: 'auto' });
  const loadMs = performance.now() - loadStart;
  try {
    await encoder.embed(texts.slice(0, 16), 'document');
    const start = performance.now();
    const { tokens } = await encoder.embed(texts, 'document');
    const seconds = (performance.now() - start) / 1000;
    const rssBytes = process.memoryUsage.rss();
    const latencies = await queryLatencies(encoder);
    const width = model.network.hiddenSize;
    const sgemmGflops = await sgemmRate({ rows: 512 * threads, inner: width, columns: 3 * width }, threads);
    const encoderGflops =
      (operationsPerToken(firstTokenOnly(model.network), tokens / texts.length) * tokens) / seconds / 1e9;
    return {
      model: encoder.name,
      backend: encoder.backend.name,
      threads,
      texts: texts.length,
      tokens,
      loadMs,
      tokensPerSecond: tokens / seconds,
      textsPerSecond: texts.length / seconds,
      queryMsP50: latencies[Math.floor(latencies.length * 0.5)]!,
      queryMsP95: latencies[Math.floor(latencies.length * 0.95)]!,
      sgemmGflops,
      encoderGflops,
      sgemmShare: encoderGflops / sgemmGflops,
      rssBeforeBytes,
      rssBytes,
    };
  } finally {
    await encoder.dispose();
  }
}

async function queryLatencies(encoder: Encoder): Promise<number[]> {
  const latencies: number[] = [];
  for (const query of sampleQueries(50)) {
    const start = performance.now();
    await encoder.embed([query], 'query');
    latencies.push(performance.now() - start);
  }
  return latencies.sort((a, b) => a - b);
}
