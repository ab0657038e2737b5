/**
 * One side of `sextant bench embed --compare`: transformers.js over an ONNX export of the same weights, on the CPU.
 *
 *     node transformersJs.mjs PACKAGE_DIR MODEL_DIR POOLING THREADS BATCH
 *
 * PACKAGE_DIR has @huggingface/transformers in its node_modules; it is no dependency of Sextant. Speaks as
 * sentenceTransformers.py does.
 */
import { createRequire } from 'node:module';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

const [packages, folder, pooling, threads, batch] = process.argv.slice(2);
const entry = createRequire(path.join(packages, 'package.json')).resolve('@huggingface/transformers');
const { pipeline, env } = await import(pathToFileURL(entry).href);
env.allowRemoteModels = false;
env.localModelPath = path.dirname(folder);
const embed = await pipeline('feature-extraction', path.basename(folder), {
  dtype: 'fp32',
  device: 'cpu',
  session_options: { intraOpNumThreads: Number(threads), interOpNumThreads: 1 },
});

function say(value) {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

say({ ready: `transformers.js ${env.version}` });
for await (const line of createInterface({ input: process.stdin })) {
  const texts = JSON.parse(line);
  const cpu = process.cpuUsage();
  const start = performance.now();
  const rows = [];
  for (let at = 0; at < texts.length; at += Number(batch)) {
    const output = await embed(texts.slice(at, at + Number(batch)), { pooling, normalize: true });
    rows.push(...output.tolist());
  }
  const { user, system } = process.cpuUsage(cpu);
  say({ wall: (performance.now() - start) / 1000, cpu: (user + system) / 1e6, embeddings: rows.slice(0, 8) });
}
