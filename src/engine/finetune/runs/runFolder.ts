import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import * as z from 'zod/mini';
import {
  defaultFinetuneSettings,
  finetuneSettingsSchema,
  pairSources,
  type CurvePoint,
  type FinetuneResult,
} from '../../../shared/finetune.ts';

/** Runs of earlier versions lack settings that came later; these are the values that they were trained with. */
const storedSettingsSchema = z.pipe(
  z.transform((stored) => ({ ...defaultFinetuneSettings, ...(stored as object) })),
  finetuneSettingsSchema,
);

const recordSchema = z.object({
  version: z.literal(1),
  id: z.string(),
  root: z.string(),
  rootPath: z.string(),
  rootName: z.string(),
  createdAt: z.string(),
  state: z.enum(['ready', 'training', 'paused', 'evaluating', 'done', 'failed']),
  base: z.object({ name: z.string(), fingerprint: z.string(), modelDir: z.string() }),
  settings: storedSettingsSchema,
  /** Those that were chosen for the model when the run was made; absent in runs of earlier versions. */
  recommended: z.optional(storedSettingsSchema),
  pairs: z.int(),
  bySource: z.partialRecord(z.enum(pairSources), z.int()),
  split: z.optional(z.object({ train: z.int(), tune: z.int(), held: z.int() })),
  /** Seconds of work in earlier sessions. */
  seconds: z.number(),
  /** Written by this version only, so not looked into. */
  result: z.optional(z.unknown()),
  /** Where the trained model went when it was promoted. */
  installed: z.optional(z.string()),
  error: z.optional(z.object({ code: z.string(), message: z.string(), hint: z.optional(z.string()) })),
});
export type RunRecord = Omit<z.infer<typeof recordSchema>, 'result'> & { readonly result?: FinetuneResult };

const curveSchema = z.union([
  z.object({ step: z.int(), steps: z.int(), epoch: z.int(), loss: z.number(), tokensPerSecond: z.number() }),
  z.object({ step: z.int(), maskedLoss: z.number() }),
  z.object({ step: z.int(), ndcg10: z.number() }),
]);
export type CurveRow = z.infer<typeof curveSchema>;

function kindOf(row: CurveRow): string {
  return 'loss' in row ? 'loss' : 'maskedLoss' in row ? 'masked' : 'ndcg';
}

function parseRow(line: string): CurveRow | undefined {
  try {
    return curveSchema.safeParse(JSON.parse(line)).data;
  } catch {
    // A killed process may leave half a line.
    return undefined;
  }
}

const renameAttempts = 5;
const unfinished = '.unfinished';
/** A run is made and removed in less. */
const leftOverMs = 60_000;

/** The files of one run. `run.json` is replaced as a whole, so that it is never half-written. */
export class RunFolder {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  get pairsFile(): string {
    return path.join(this.folder, 'pairs.jsonl');
  }

  get checkpointDir(): string {
    return path.join(this.folder, 'checkpoint');
  }

  get modelDir(): string {
    return path.join(this.folder, 'model');
  }

  get leaseFile(): string {
    return path.join(this.folder, 'run.lock');
  }

  /** What the training of one fold of a cross-validation writes. */
  fold(index: number): { readonly checkpointDir: string; readonly modelDir: string } {
    const folder = path.join(this.folder, `fold-${index}`);
    mkdirSync(folder, { recursive: true });
    return { checkpointDir: path.join(folder, 'checkpoint'), modelDir: path.join(folder, 'model') };
  }

  /** The folder appears by a rename, with what `fill` writes: one that was never finished is no run, and is removed some time. */
  async create(fill: (made: RunFolder) => Promise<void> | void): Promise<void> {
    const made = new RunFolder(`${this.folder}${unfinished}`);
    mkdirSync(made.folder, { recursive: true });
    try {
      await fill(made);
      await renamed(made.folder, this.folder);
    } catch (error) {
      made.#discard();
      throw error;
    }
  }

  static all(directory: string): RunFolder[] {
    return readdirSync(directory)
      .filter((name) => !name.endsWith(unfinished))
      .map((name) => new RunFolder(path.join(directory, name)));
  }

  /** Removes what processes that were killed left of runs they were making or removing. */
  static removeLeftOver(directory: string): void {
    for (const name of readdirSync(directory).filter((other) => other.endsWith(unfinished))) {
      const folder = path.join(directory, name);
      // Another process may be removing it too; whatever stays is looked at the next time.
      const changedAt = statSync(folder, { throwIfNoEntry: false })?.mtimeMs ?? Infinity;
      if (Date.now() - changedAt > leftOverMs) new RunFolder(folder).#discard();
    }
  }

  /** Undefined where there is no run, or one of a version that this one does not understand. */
  read(): RunRecord | undefined {
    try {
      return recordSchema.parse(JSON.parse(readFileSync(path.join(this.folder, 'run.json'), 'utf8'))) as RunRecord;
    } catch {
      return undefined;
    }
  }

  write(record: RunRecord): void {
    this.writeJson('run.json', record);
  }

  writeJson(name: string, value: unknown): void {
    const file = path.join(this.folder, name);
    writeFileSync(`${file}.tmp`, `${JSON.stringify(value, undefined, 2)}\n`);
    renameSync(`${file}.tmp`, file);
  }

  readJson(name: string): unknown {
    try {
      return JSON.parse(readFileSync(path.join(this.folder, name), 'utf8'));
    } catch {
      return undefined;
    }
  }

  /** Trained models appear whole or not at all. */
  hasModelAt(modelDir: string): boolean {
    return existsSync(path.join(modelDir, 'config.json'));
  }

  addToCurve(row: CurveRow): void {
    try {
      appendFileSync(path.join(this.folder, 'curve.jsonl'), `${JSON.stringify(row)}\n`);
    } catch {
      // A curve with a gap: a full disk shows itself where something is lost by it.
    }
  }

  /** Steps that came again after a crash count once: the later row is the one that led on. */
  curve(): CurveRow[] {
    let text: string;
    try {
      text = readFileSync(path.join(this.folder, 'curve.jsonl'), 'utf8');
    } catch {
      return [];
    }
    const rows = text.split('\n').flatMap((line) => (line === '' ? [] : (parseRow(line) ?? [])));
    const byStep = new Map(rows.map((row) => [`${kindOf(row)} ${row.step}`, row]));
    return [...byStep.values()].sort((left, right) => left.step - right.step);
  }

  /** Leaves the run as it was before it was started: its pairs and its record. */
  clearWork(): void {
    const work = /^(?:curve\.jsonl|corpus\.json|(?:checkpoint|model|fold-).*)$/;
    for (const name of readdirSync(this.folder).filter((other) => work.test(other))) {
      rmSync(path.join(this.folder, name), { recursive: true, force: true, maxRetries: 3 });
    }
  }

  /** At once for whoever lists runs, however long the files take; what cannot be removed now is removed later. */
  async remove(): Promise<void> {
    const gone = `${this.folder}${unfinished}`;
    await renamed(this.folder, gone);
    const now = new Date();
    utimesSync(gone, now, now);
    new RunFolder(gone).#discard();
  }

  #discard(): void {
    try {
      rmSync(this.folder, { recursive: true, force: true, maxRetries: 3 });
    } catch {
      // A file that somebody holds open; see removeLeftOver.
    }
  }
}

/** Windows moves no folder while somebody, such as a virus scanner, reads a file in it. */
async function renamed(from: string, to: string): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      renameSync(from, to);
      return;
    } catch (error) {
      const held = ['EPERM', 'EBUSY', 'EACCES'].includes((error as NodeJS.ErrnoException).code ?? '');
      if (!held || attempt === renameAttempts) throw error;
      await delay(100 * attempt);
    }
  }
}

const mostPoints = 300;

/** Every n-th point, the last one always, so that a long run is still quick to draw. */
export function thinned(points: readonly CurvePoint[]): CurvePoint[] {
  const stride = Math.ceil(points.length / mostPoints);
  return points.filter((_, index) => index % stride === 0 || index === points.length - 1);
}
