import { isCancellation, serializeError, SextantError, type SerializedError } from '../../shared/errors.ts';
import type { FinetuneEvent, FinetuneRun, QuestionPrompt } from '../../shared/finetune.ts';
import {
  finetuneToHostSchema,
  type FinetuneRoot,
  type FinetuneToHost,
  type HostToFinetune,
} from '../../shared/finetunePanel.ts';
import {
  defaultMeasuredQueries,
  measuredSources,
  type MeasureProgress,
  type MeasureReport,
} from '../../shared/measure.ts';
import type { PanelBlocker } from '../../shared/panelProtocol.ts';
import type { Location } from '../../shared/search.ts';
import type { EngineClient } from '../engine/engineClient.ts';
import { checkMessage } from './checkMessage.ts';

export interface FinetuneWorld {
  readonly blocker: PanelBlocker | null;
  readonly roots: readonly FinetuneRoot[];
  readonly model: string | null;
}

/** What the view may ask of the world around it. */
export interface FinetuneHost {
  readonly request: EngineClient['request'];
  world(): FinetuneWorld;
  /** Shows a file of this machine in an editor. */
  openFile(file: string): Promise<void>;
  open(location: Location): Promise<void>;
  run(command: Extract<FinetuneToHost, { type: 'command' }>['command']): Promise<void>;
  /** Shows what a language model would be sent, asks, and sends it; undefined where the user declines. */
  answer(prompts: readonly QuestionPrompt[]): Promise<readonly { key: string; text: string }[] | undefined>;
  /** Asks before something is lost. */
  confirm(question: 'cancelRun'): Promise<boolean>;
}

/** Pieces of code that a language model is asked about in one go. */
const mostQuestions = 200;

/**
 * The host's half of the fine-tune view, free of VS Code: keeps what the view shows, turns its messages into requests, and sends
 * the whole state after every change. Failures are shown in the view.
 */
export class FinetunePanel {
  readonly #host: FinetuneHost;
  #post: ((message: HostToFinetune) => void) | undefined;
  #ready = false;
  #root: string | null = null;
  #runs = new Map<string, FinetuneRun>();
  #preparing: AbortController | undefined;
  #measuring: { readonly abort: AbortController; readonly progress: MeasureProgress } | undefined;
  /** The last measurement of each root. */
  readonly #reports = new Map<string, MeasureReport>();
  #error: SerializedError | null = null;

  constructor(host: FinetuneHost) {
    this.#host = host;
  }

  attach(post: (message: HostToFinetune) => void): void {
    this.#post = post;
    this.#ready = false;
  }

  /** The webview was hidden or closed. What runs goes on. */
  detach(): void {
    this.#ready = false;
  }

  /** Something of the world changed: folders, engine, model. */
  refresh(): void {
    this.#push();
  }

  /** An engine runs, perhaps another one than before: its runs are those of now. */
  async engineStarted(): Promise<void> {
    if (!this.#ready) return;
    try {
      await this.#load();
    } catch (error) {
      if (!isCancellation(error)) this.#error = serializeError(error);
    }
    this.#push();
  }

  onFinetune(event: FinetuneEvent): void {
    if (event.kind === 'removed') this.#runs.delete(event.id);
    else this.#runs.set(event.run.id, event.run);
    this.#push();
  }

  onMeasureProgress(progress: MeasureProgress): void {
    if (this.#measuring === undefined) return;
    this.#measuring = { ...this.#measuring, progress };
    this.#push();
  }

  async receive(message: unknown): Promise<void> {
    try {
      await this.#handle(checkMessage(finetuneToHostSchema, message));
    } catch (error) {
      if (!isCancellation(error)) this.#error = serializeError(error);
    }
    this.#push();
  }

  /**
   * Measures search on the root that is shown; a second call while it runs does nothing.
   * @throws SextantError `database_busy` while another root is measured.
   */
  async measure(): Promise<void> {
    const root = this.#currentRoot();
    if (root === null || this.#measuring?.progress.root === root) return;
    if (this.#measuring !== undefined) {
      throw new SextantError('database_busy', 'Another folder is being measured.', {
        hint: 'Wait for it, or cancel it there.',
      });
    }
    const abort = new AbortController();
    this.#begin();
    this.#measuring = { abort, progress: { root, phase: 'mining', share: 0 } };
    this.#push();
    try {
      const request = { root, queries: defaultMeasuredQueries, sources: [...measuredSources] };
      this.#reports.set(root, await this.#host.request('measure', request, abort.signal));
    } finally {
      this.#measuring = undefined;
    }
  }

  async #prepare(): Promise<void> {
    const root = this.#currentRoot();
    if (root === null || this.#preparing !== undefined) return;
    const abort = new AbortController();
    this.#preparing = abort;
    this.#push();
    try {
      const run = await this.#host.request('finetunePrepare', { root }, abort.signal);
      this.#runs.set(run.id, run);
    } finally {
      this.#preparing = undefined;
    }
  }

  async #handle(message: FinetuneToHost): Promise<void> {
    const { request } = this.#host;
    if (message.type !== 'ready' && message.type !== 'open') this.#begin();
    switch (message.type) {
      case 'ready':
        this.#ready = true;
        return this.#load();
      case 'chooseRoot':
        this.#root = message.root;
        return;
      case 'measure':
        return this.measure();
      case 'cancelMeasure':
        this.#measuring?.abort.abort();
        return;
      case 'prepare':
        return this.#prepare();
      case 'cancelPrepare':
        this.#preparing?.abort();
        return;
      case 'review':
        return this.#host.openFile(this.#known(message.id).pairsFile);
      case 'writeQuestions':
        return this.#writeQuestions(message.id);
      case 'start':
        return this.#keep(
          request('finetuneStart', {
            id: message.id,
            ...(message.settings === undefined ? {} : { settings: message.settings }),
          }),
        );
      case 'pause':
        return this.#keep(request('finetunePause', { id: message.id }));
      case 'cancel':
        return this.#cancel(message.id);
      case 'promote':
        await this.#keep(request('finetunePromote', { id: message.id }));
        return this.#load();
      case 'rollback':
        return this.#rollback();
      case 'open':
        return this.#host.open({ ...message.location, root: this.#currentRoot() ?? '' });
      case 'command':
        return this.#host.run(message.command);
    }
  }

  async #writeQuestions(id: string): Promise<void> {
    const { requests } = await this.#host.request('finetuneQuestions', { id, limit: mostQuestions });
    const answers = await this.#host.answer(requests);
    if (answers === undefined) return;
    await this.#keep(this.#host.request('finetuneAddQuestions', { id, answers: [...answers] }));
  }

  async #cancel(id: string): Promise<void> {
    if (this.#known(id).state !== 'ready' && !(await this.#host.confirm('cancelRun'))) return;
    await this.#host.request('finetuneCancel', { id });
    this.#runs.delete(id);
  }

  async #rollback(): Promise<void> {
    const root = this.#currentRoot();
    if (root === null) return;
    await this.#host.request('finetuneRollback', { root });
    await this.#load();
  }

  async #load(): Promise<void> {
    if (this.#host.world().blocker !== null) return;
    const { runs } = await this.#host.request('finetuneRuns', {});
    this.#runs = new Map(runs.map((run) => [run.id, run]));
  }

  async #keep(answer: Promise<FinetuneRun>): Promise<void> {
    const run = await answer;
    this.#runs.set(run.id, run);
  }

  #known(id: string): FinetuneRun {
    const run = this.#runs.get(id);
    if (run === undefined) throw new SextantError('not_found', 'This run is gone.');
    return run;
  }

  /** The user did something else: what failed before is no longer of interest. */
  #begin(): void {
    this.#error = null;
  }

  #currentRoot(): string | null {
    const { roots } = this.#host.world();
    return roots.find(({ uri }) => uri === this.#root)?.uri ?? roots[0]?.uri ?? null;
  }

  #push(): void {
    if (!this.#ready) return;
    const root = this.#currentRoot();
    const runs = [...this.#runs.values()]
      .filter((run) => run.root === root)
      .sort((left, right) => (left.createdAt < right.createdAt ? 1 : -1));
    this.#post?.({
      type: 'state',
      state: {
        ...this.#host.world(),
        root,
        runs,
        preparing: this.#preparing !== undefined,
        measuring: this.#measuring?.progress.root === root ? this.#measuring.progress : null,
        report: this.#reports.get(root ?? '') ?? null,
        error: this.#error,
      },
    });
  }
}
