import path from 'node:path';
import type { Precision } from '../runtime/encodeWorker.ts';
import { firstTokenOnly } from '../model/firstTokenOnly.ts';
import { readModelFolder, type ModelFolder } from '../model/modelFolder.ts';
import { operationsPerToken } from '../model/networkCost.ts';
import { packageRoot } from '../paths.ts';
import { createEncoder } from '../runtime/createEncoder.ts';
import type { Encoder } from '../runtime/encoder.ts';
import { sgemmRate, type SgemmRate } from '../runtime/sgemmRate.ts';
import { median, pairedRatio, type PairedRatio } from './pairedRatio.ts';
import { PeerProcess, type Seconds } from './peerProcess.ts';

export interface CompareOptions {
  readonly modelDir: string;
  readonly threads: number;
  /** What every side embeds in every round. */
  readonly texts: readonly string[];
  readonly rounds: number;
  /** Texts that the others take at once. */
  readonly peerBatch: number;
  /** Python that has sentence-transformers. */
  readonly python?: string;
  /** Folder with @huggingface/transformers installed, and the model's ONNX export for it. */
  readonly transformersJs?: { readonly packages: string; readonly model: string };
  readonly signal?: AbortSignal;
  readonly onProgress?: (line: string) => void;
}

export interface SideResult {
  readonly side: string;
  readonly wallTokensPerSecond: number;
  /** Tokens for each second of a core: what counts on a machine that does other things too. */
  readonly cpuTokensPerSecond: number;
  /** Of our float32 over this side; above 1 this side is slower. */
  readonly slowerThanFloat32?: { readonly wall: PairedRatio; readonly cpu: PairedRatio };
  readonly slowerThanInt8?: { readonly wall: PairedRatio; readonly cpu: PairedRatio };
  /** Least cosine of its embeddings to our float32 ones, over a few texts. */
  readonly leastCosine?: number;
  /** Of the matrix product's rate measured in the same run, by CPU time and by the clock. */
  readonly sgemmShare?: Seconds;
}

export interface CompareResult {
  readonly model: string;
  readonly threads: number;
  readonly rounds: number;
  readonly texts: number;
  readonly tokens: number;
  /** Texts that the peers take at once. */
  readonly peerBatch: number;
  readonly sgemmGflops: SgemmRate;
  readonly sides: readonly SideResult[];
}

const float32 = 'sextant float32';
const int8 = 'sextant int8';

interface Side extends AsyncDisposable {
  readonly name: string;
  round(texts: readonly string[]): Promise<Round>;
}

interface Round extends Seconds {
  readonly embeddings: readonly (readonly number[] | Float32Array)[];
  readonly tokens?: number;
}

/**
 * Our encoder and others over the same weights and texts, in turns: each round runs every side once, in another order
 * each time, and ratios are taken between sides of the same rounds. CPU time leads, since a busy machine slows the
 * clock's figures down by chance; on a quiet one both agree.
 */
export async function compareBench(options: CompareOptions): Promise<CompareResult> {
  const { texts, threads, rounds, peerBatch, signal, onProgress } = options;
  const model = await readModelFolder(options.modelDir);
  await using sides = new AsyncDisposableStack();
  const all: Side[] = [];
  for (const open of openers(model, options)) {
    const side = sides.use(await open());
    onProgress?.(`warming up ${side.name}`);
    await side.round(texts.slice(0, peerBatch));
    all.push(side);
  }
  const results = new Map<string, Round[]>(all.map(({ name }) => [name, []]));
  const sgemm: SgemmRate[] = [];
  const width = model.network.hiddenSize;
  for (let round = 0; round < rounds; round++) {
    sgemm.push(await sgemmRate({ rows: 512, inner: width, columns: 3 * width }, threads));
    for (let turn = 0; turn < all.length; turn++) {
      signal?.throwIfAborted();
      const side = all[(round + turn) % all.length]!;
      onProgress?.(`round ${round + 1} of ${rounds}: ${side.name}`);
      results.get(side.name)!.push(await side.round(texts));
    }
  }
  return summarize(model, options, results, sgemm);
}

function openers(
  model: ModelFolder,
  { threads, peerBatch, python, transformersJs }: CompareOptions,
): (() => Promise<Side>)[] {
  const scripts = path.join(packageRoot, 'scripts', 'bench');
  const prefix = model.prefixes.document;
  const { pooling, maxTokens, folder } = model;
  const own = (precision: Precision, name: string) => async (): Promise<Side> =>
    ownSide(name, await createEncoder({ modelDir: folder, threads, backend: 'cpu', precision }));
  const common = [String(threads), String(peerBatch)];
  const peers: (() => Promise<Side>)[] = [];
  if (python !== undefined) {
    const args = [path.join(scripts, 'sentenceTransformers.py'), folder, pooling, String(maxTokens), ...common];
    peers.push(() => peerSide(new PeerProcess(python, args), prefix));
  }
  if (transformersJs !== undefined) {
    const { packages, model: exported } = transformersJs;
    const args = [path.join(scripts, 'transformersJs.mjs'), packages, exported, pooling, ...common];
    peers.push(() => peerSide(new PeerProcess(process.execPath, args), prefix));
  }
  return [own('float32', float32), own('int8', int8), ...peers];
}

function ownSide(name: string, encoder: Encoder): Side {
  return {
    name,
    round: async (texts) => {
      const before = process.cpuUsage();
      const start = performance.now();
      const { embeddings, tokens } = await encoder.embed(texts, 'document');
      const wall = (performance.now() - start) / 1000;
      const { user, system } = process.cpuUsage(before);
      return { wall, cpu: (user + system) / 1e6, embeddings: embeddings.slice(0, 8), tokens };
    },
    [Symbol.asyncDispose]: () => encoder.dispose(),
  };
}

async function peerSide(peer: PeerProcess, prefix: string): Promise<Side> {
  try {
    await peer.start();
  } catch (error) {
    await peer[Symbol.asyncDispose]();
    throw error;
  }
  return {
    name: peer.description,
    round: (texts) => peer.run(prefix === '' ? texts : texts.map((text) => prefix + text)),
    [Symbol.asyncDispose]: () => peer[Symbol.asyncDispose](),
  };
}

function summarize(
  model: ModelFolder,
  { texts, threads, rounds, peerBatch }: CompareOptions,
  results: ReadonlyMap<string, readonly Round[]>,
  sgemm: readonly SgemmRate[],
): CompareResult {
  const base = results.get(float32)!;
  const quantized = results.get(int8)!;
  const tokens = base[0]!.tokens!;
  const rates = { wall: Math.max(...sgemm.map(({ wall }) => wall)), cpu: Math.max(...sgemm.map(({ cpu }) => cpu)) };
  const operations = operationsPerToken(firstTokenOnly(model.network), tokens / texts.length) * tokens;
  const versus = (own: readonly Round[], other: readonly Round[]): SideResult['slowerThanFloat32'] => ({
    wall: pairedRatio(
      own.map(({ wall }) => wall),
      other.map(({ wall }) => wall),
    ),
    cpu: pairedRatio(
      own.map(({ cpu }) => cpu),
      other.map(({ cpu }) => cpu),
    ),
  });
  const sides = [...results].map(([side, runs]): SideResult => {
    const wall = median(runs.map((run) => run.wall));
    const cpu = median(runs.map((run) => run.cpu));
    const share = { wall: operations / wall / 1e9 / rates.wall, cpu: operations / cpu / 1e9 / rates.cpu };
    return {
      side,
      wallTokensPerSecond: tokens / wall,
      cpuTokensPerSecond: tokens / cpu,
      ...(runs === base
        ? {}
        : { slowerThanFloat32: versus(base, runs)!, leastCosine: leastCosine(base[0]!, runs[0]!) }),
      ...(runs === base || runs === quantized ? {} : { slowerThanInt8: versus(quantized, runs)! }),
      ...(runs === base ? { sgemmShare: share } : {}),
    };
  });
  return { model: model.name, threads, rounds, texts: texts.length, tokens, peerBatch, sgemmGflops: rates, sides };
}

function leastCosine(a: Round, b: Round): number {
  const cosines = a.embeddings.map((x, row) => {
    const y = b.embeddings[row]!;
    let dot = 0;
    let xx = 0;
    let yy = 0;
    for (let i = 0; i < x.length; i++) {
      dot += x[i]! * y[i]!;
      xx += x[i]! ** 2;
      yy += y[i]! ** 2;
    }
    return dot / Math.sqrt(xx * yy);
  });
  return Math.min(...cosines);
}
