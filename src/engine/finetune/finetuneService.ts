import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { cp, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { isCancellation, SextantError, serializeError } from '../../shared/errors.ts';
import {
  defaultFinetuneSettings,
  smallModelSettings,
  withMethod,
  type FinetuneEvent,
  type FinetuneRun,
  type FinetuneSettings,
  type PairSource,
  type QuestionPrompt,
} from '../../shared/finetune.ts';
import type { EngineAccess } from '../measure/measureService.ts';
import { readModelFolder } from '../model/modelFolder.ts';
import { embeddedModelDirectory } from '../paths.ts';
import { minePairs } from './pairs/minePairs.ts';
import { readIssueTitles } from './pairs/readIssueTitles.ts';
import { readPairs, writePairs } from './pairs/pairsFile.ts';
import { countBySource } from './pairs/refinePairs.ts';
import { questionPairs, questionRequests, type QuestionRequest } from './pairs/writtenQuestions.ts';
import { translateError } from '../store/sqlite.ts';
import { WriterLease } from '../store/writerLease.ts';
import { runFinetuning } from './runFinetuning.ts';
import { ActiveModels } from './runs/activeModels.ts';
import { RunFolder, type RunRecord } from './runs/runFolder.ts';

import { RunProgress } from './runs/runProgress.ts';
import { describeRun } from './runs/describeRun.ts';

export interface FinetuneServiceOptions {
  readonly access: EngineAccess;
  /** Folder of the model library; promoted models move in. */
  readonly modelsDir: string;
  /** A run changed; at most a few times a second for each. */
  readonly onChange: (event: FinetuneEvent) => void;
  /** The model that stands in for a root's has changed. */
  readonly onModel: () => Promise<void>;
}

interface ActiveRun {
  readonly abort: AbortController;
  readonly ended: Promise<void>;
  readonly progress: RunProgress;
}

/** So few layers are trained whole: there is little to spare, and less to break. */
const fewLayers = 2;
/** A stop that keeps what was done. */
const pauseReason = new SextantError('cancelled', 'Paused.');

/**
 * Everything done with fine-tuning runs. A run is a folder; whoever holds its lease works on it, so that windows and command lines
 * share runs, and one that was working when its process was killed is found paused.
 */
export class FinetuneService {
  readonly models: ActiveModels;
  readonly #options: FinetuneServiceOptions;
  readonly #directory: string;
  readonly #active = new Map<string, ActiveRun>();

  constructor(options: FinetuneServiceOptions) {
    this.#options = options;
    this.#directory = path.join(options.access.storageDir, 'finetune');
    mkdirSync(this.#directory, { recursive: true });
    RunFolder.removeLeftOver(this.#directory);
    this.models = new ActiveModels(this.#directory);
  }

  /** All runs, the newest first. */
  list(): FinetuneRun[] {
    return RunFolder.all(this.#directory)
      .flatMap((folder) => {
        const record = folder.read();
        return record === undefined ? [] : [this.#describe(folder, record)];
      })
      .sort((left, right) => (left.createdAt < right.createdAt ? 1 : -1));
  }

  /** @throws SextantError `not_found` */
  run(id: string): FinetuneRun {
    const { folder, record } = this.#known(id);
    return this.#describe(folder, record);
  }

  /**
   * Mines the pairs of a new run, to be read and edited before it is started.
   * @throws SextantError `too_little_data` where there are none, `runtime_unavailable` for a model that is not on this machine.
   */
  async prepare(uri: string, sources: readonly PairSource[] | undefined, signal: AbortSignal): Promise<FinetuneRun> {
    const { access } = this.#options;
    const root = access.opened(uri);
    const { workspace } = root;
    const { base, settings } = await this.#base();
    signal.throwIfAborted();
    const pairs = await minePairs({
      folder: workspace.path,
      index: root.reading(),
      issues: readIssueTitles(root.history),
      signal,
      ...(sources === undefined ? {} : { sources }),
    });
    if (pairs.length === 0) {
      throw new SextantError('too_little_data', `There is nothing in ${workspace.name} to make query pairs from.`, {
        hint: 'Pairs are made from doc comments, tests, docs, calls and commits.',
      });
    }
    const createdAt = new Date().toISOString();
    const id = `${createdAt.slice(0, 10)}-${randomBytes(3).toString('hex')}`;
    const folder = this.#folder(id);
    const record: RunRecord = {
      version: 1,
      id,
      root: uri,
      rootPath: workspace.path,
      rootName: workspace.name,
      createdAt,
      state: 'ready',
      base,
      settings,
      recommended: settings,
      pairs: pairs.length,
      bySource: countBySource(pairs),
      seconds: 0,
    };
    await folder.create(async (made) => {
      await writePairs(made.pairsFile, pairs);
      made.write(record);
    });
    return this.#changed(folder, record);
  }

  /**
   * What a language model would be asked about the code of a run's root; sends nothing.
   * @throws SextantError `not_found`
   */
  questions(id: string, limit: number): QuestionPrompt[] {
    return this.#requests(this.#known(id).record, limit).map(({ key, prompt }) => ({ key, prompt }));
  }

  /**
   * Adds questions that a language model wrote to the pairs of a run.
   * @throws SextantError `not_found`; `invalid_argument` once training has begun, or for a pairs file that cannot be read.
   */
  async addQuestions(id: string, answers: readonly { key: string; text: string }[]): Promise<FinetuneRun> {
    const { folder, record } = this.#known(id);
    if (record.state !== 'ready') throw new SextantError('invalid_argument', 'This run has its pairs already.');
    const requests = new Map(this.#requests(record, Infinity).map((request) => [request.key, request]));
    const written = answers.flatMap(({ key, text }) => {
      const request = requests.get(key);
      return request === undefined ? [] : questionPairs(request, text);
    });
    const pairs = [...(await readPairs(folder.pairsFile)), ...written];
    await writePairs(folder.pairsFile, pairs);
    const changed: RunRecord = { ...record, pairs: pairs.length, bySource: countBySource(pairs) };
    folder.write(changed);
    return this.#changed(folder, changed);
  }

  /**
   * Starts a run, or goes on with it, in the background.
   * @throws SextantError `not_found`; `invalid_argument` for one that is done; `database_busy` while another is worked on.
   */
  start(id: string, settings: Partial<FinetuneSettings> = {}): FinetuneRun {
    const { folder, record } = this.#known(id);
    if (record.state === 'done') throw new SextantError('invalid_argument', 'This run is done. Start a new one.');
    const [other] = this.#active.keys();
    if (other !== undefined) {
      throw new SextantError('database_busy', 'Another fine-tuning is running.', { hint: 'Pause it or wait.' });
    }
    const lease = new WriterLease(folder.leaseFile);
    if (!lease.tryAcquire()) {
      throw new SextantError('database_busy', 'Another window or command works on this run.', {
        hint: 'Pause it there first.',
      });
    }
    const fresh = record.state === 'ready';
    const recommended = record.recommended ?? record.settings;
    const suited = withMethod(record.settings, settings.method ?? record.settings.method, recommended);
    const started: RunRecord = {
      ...record,
      state: 'training',
      // What is trained already was trained with the settings of then.
      settings: fresh ? { ...suited, ...settings } : record.settings,
    };
    delete started.error;
    try {
      // What an earlier try left is of other pairs or settings.
      if (fresh) folder.clearWork();
      folder.write(started);
    } catch (error) {
      lease.release();
      throw error;
    }
    const abort = new AbortController();
    const progress = new RunProgress(folder, () => this.#changed(folder, folder.read() ?? started));
    const ended = this.#work(folder, started, abort.signal, progress).finally(() => {
      lease.release();
      this.#active.delete(id);
      const now = folder.read();
      if (now !== undefined) this.#changed(folder, now);
    });
    this.#active.set(id, { abort, ended, progress });
    return this.#changed(folder, started);
  }

  /** Resolves when the run is no longer worked on here. */
  async whenEnded(id: string): Promise<FinetuneRun> {
    await this.#active.get(id)?.ended;
    return this.run(id);
  }

  /** Stops, keeping the state: {@link start} goes on from there. */
  async pause(id: string): Promise<FinetuneRun> {
    this.#active.get(id)?.abort.abort(pauseReason);
    return this.whenEnded(id);
  }

  /** Stops and removes all of the run. A model that serves stays in the library. */
  async cancel(id: string): Promise<void> {
    const { folder } = this.#known(id);
    await this.pause(id);
    const lease = new WriterLease(folder.leaseFile);
    if (!lease.tryAcquire()) throw new SextantError('database_busy', 'Another window or command works on this run.');
    lease.release();
    await folder.remove();
    this.#options.onChange({ kind: 'removed', id });
  }

  /**
   * Puts the model into the library and searches the root with it from now on.
   * @throws SextantError `not_found`; `invalid_argument` for a run whose model was not found better.
   */
  async promote(id: string): Promise<FinetuneRun> {
    const { folder, record } = this.#known(id);
    if (record.result?.verdict !== 'better') {
      throw new SextantError('invalid_argument', 'Only a model that was found better can be used.', {
        ...(record.result === undefined ? {} : { hint: record.result.reason }),
      });
    }
    const installed = record.installed ?? (await this.#install(folder, record));
    const promoted: RunRecord = { ...record, installed };
    folder.write(promoted);
    this.models.set(record.rootPath, {
      run: id,
      model: installed,
      replaces: this.#options.access.settings().modelPath,
    });
    await this.#options.onModel();
    return this.#changed(folder, promoted);
  }

  /** The root is searched with the model of the settings again. The fine-tuned one stays in the library. */
  async rollback(uri: string): Promise<void> {
    const { workspace } = this.#options.access.opened(uri);
    const active = this.models.of(workspace.path);
    this.models.remove(workspace.path);
    await this.#options.onModel();
    const record = active === undefined ? undefined : this.#folder(active.run).read();
    if (record !== undefined) this.#changed(this.#folder(record.id), record);
  }

  async dispose(): Promise<void> {
    await Promise.all([...this.#active.keys()].map((id) => this.pause(id)));
  }

  async #work(folder: RunFolder, record: RunRecord, signal: AbortSignal, progress: RunProgress): Promise<void> {
    const begun = performance.now();
    const finished = (change: Partial<RunRecord>): void => {
      // What was cancelled is gone.
      const now = folder.read();
      const seconds = record.seconds + (performance.now() - begun) / 1000;
      try {
        if (now !== undefined) folder.write({ ...now, ...change, seconds });
      } catch {
        // On a full disk the run stays as it was written last, and is found paused.
      }
    };
    try {
      const result = await runFinetuning({
        folder,
        record,
        access: this.#options.access,
        signal,
        onActivity: (activity) => progress.activity(activity),
        onSplit: (split) => folder.write({ ...record, split }),
        onMaskedStep: (step) => progress.maskedStep(step),
        onStep: (step) => progress.step(step),
        onEvaluation: (step, ndcg10) => progress.evaluation(step, ndcg10),
      });
      finished({ state: 'done', result });
    } catch (error) {
      if (signal.aborted || isCancellation(error)) finished({ state: 'paused' });
      else {
        // What failed before it learnt anything may be started with other settings or pairs.
        const learnt = folder.curve().some((row) => !('ndcg10' in row));
        const state = learnt ? 'failed' : 'ready';
        finished({ state, error: serializeError(translateError(error)) });
      }
    } finally {
      progress.end();
    }
  }

  #requests(record: RunRecord, limit: number): QuestionRequest[] {
    return questionRequests(record.rootPath, this.#options.access.opened(record.root).reading(), limit);
  }

  /** The model of the settings, not one that stands in for it: trained once more, a model would drift. */
  async #base(): Promise<Pick<RunRecord, 'base' | 'settings'>> {
    const { access } = this.#options;
    const { modelPath, remote } = access.settings();
    if (remote !== undefined) {
      throw new SextantError('runtime_unavailable', 'A model behind a server cannot be fine-tuned.', {
        hint: 'Select a model on this machine.',
      });
    }
    const modelDir = modelPath || embeddedModelDirectory;
    const { name, fingerprint, config } = await readModelFolder(modelDir);
    const layers = config.family === 'modernbert' ? config.layers.length : config.layerCount;
    return {
      base: { name, fingerprint, modelDir },
      settings: layers <= fewLayers ? smallModelSettings : defaultFinetuneSettings,
    };
  }

  /** By way of a folder beside it, so that the library never shows half a model. */
  async #install(folder: RunFolder, { id, base }: RunRecord): Promise<string> {
    const { modelsDir } = this.#options;
    const name = `${path.basename(base.modelDir)}-tuned-${id}`;
    const target = path.join(modelsDir, name);
    const staging = path.join(modelsDir, `.downloads`, name);
    await rm(staging, { recursive: true, force: true });
    mkdirSync(path.dirname(staging), { recursive: true });
    await cp(folder.modelDir, staging, { recursive: true });
    await rm(target, { recursive: true, force: true });
    await rename(staging, target);
    return target;
  }

  #folder(id: string): RunFolder {
    return new RunFolder(path.join(this.#directory, id));
  }

  #known(id: string): { readonly folder: RunFolder; readonly record: RunRecord } {
    const folder = this.#folder(id);
    const record = folder.read();
    if (record === undefined) throw new SextantError('not_found', `There is no fine-tuning «${id}».`);
    return { folder, record };
  }

  #describe(folder: RunFolder, record: RunRecord): FinetuneRun {
    const active = this.#active.get(record.id);
    return describeRun(folder, record, active?.progress, this.models.of(record.rootPath)?.run === record.id);
  }

  #changed(folder: RunFolder, record: RunRecord): FinetuneRun {
    const run = this.#describe(folder, record);
    this.#options.onChange({ kind: 'run', run });
    return run;
  }
}
