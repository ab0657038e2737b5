import { isCancellation, serializeError } from '../../shared/errors.ts';
import type { HistoryKind, HistoryStatus } from '../../shared/history.ts';
import type { MoodFilter, MoodRequest } from '../../shared/mood.ts';
import { moodToHostSchema, type HostToMood, type MoodProgress, type MoodToHost } from '../../shared/moodPanel.ts';
import { unknownRequestId, type PanelBlocker } from '../../shared/panelProtocol.ts';
import type { EngineClient } from '../engine/engineClient.ts';
import { checkMessage } from './checkMessage.ts';

type Message<T extends MoodToHost['type']> = Extract<MoodToHost, { type: T }>;
export type MoodCommand = Message<'command'>['command'];

/** What the view may ask of the world around it. */
export interface MoodHost {
  readonly request: EngineClient['request'];
  blocker(): PanelBlocker | null;
  /** Shows a commit in an editor, or an issue in the browser. */
  open(item: Omit<Message<'open'>, 'type'>): Promise<void>;
  openFile(path: string): Promise<void>;
  /** Where to write an export; undefined when the user gives up. */
  exportFile(format: 'csv' | 'json'): Promise<string | undefined>;
  run(command: MoodCommand): Promise<void>;
  reportError(error: unknown): void;
}

/** While commits are classified the view is told to ask again at most this often. */
const refreshMs = 2500;

/**
 * The host's half of the mood view, free of VS Code. Nothing is read or classified before the view has asked for a report; hiding
 * it stops the work, and what was done is kept.
 */
export class MoodPanel {
  readonly #host: MoodHost;
  readonly #now: () => number;
  #post: ((message: HostToMood) => void) | undefined;
  #load: AbortController | undefined;
  #preparing: { readonly abort: AbortController; readonly kinds: string } | undefined;
  /** Kinds and roots that were brought up to date since the view was opened. */
  #prepared = '';
  #paused = false;
  #refreshedAt = -Infinity;
  #progress: MoodProgress = { phase: 'idle', classified: 0, items: 0 };

  constructor(host: MoodHost, now: () => number = () => performance.now()) {
    this.#host = host;
    this.#now = now;
  }

  attach(post: (message: HostToMood) => void): void {
    this.#post = post;
  }

  /** The webview was hidden or closed: its script is gone and nobody waits. */
  detach(): void {
    this.#load?.abort();
    this.#preparing?.abort.abort();
    this.#preparing = undefined;
  }

  /** Folders or the engine changed. */
  pushBlocker(): void {
    this.#send({ type: 'blocker', blocker: this.#host.blocker() });
  }

  /** Issues came in, or the index was cleared: what the view shows is no longer so. */
  changed(): void {
    this.#prepared = '';
    this.#send({ type: 'changed' });
  }

  onHistory({ phase, classified, items }: HistoryStatus): void {
    if (this.#preparing === undefined) return;
    this.#setProgress({ phase, classified, items });
    if (phase !== 'classifying' || this.#now() - this.#refreshedAt < refreshMs) return;
    this.#refreshedAt = this.#now();
    this.#send({ type: 'changed' });
  }

  /** Handles one message of the webview; never rejects. */
  async receive(raw: unknown): Promise<void> {
    let message: MoodToHost;
    try {
      message = checkMessage(moodToHostSchema, raw);
    } catch (error) {
      this.#send({ type: 'failed', id: unknownRequestId, error: serializeError(error) });
      return;
    }
    try {
      await this.#handle(message);
    } catch (error) {
      if (!isCancellation(error)) this.#host.reportError(error);
    }
  }

  async #handle(message: MoodToHost): Promise<void> {
    switch (message.type) {
      case 'ready':
        this.#prepared = '';
        this.pushBlocker();
        this.#send({ type: 'progress', progress: this.#progress });
        return;
      case 'load':
        return this.#report(message);
      case 'explain': {
        const explanation = await this.#host.request('explainMood', { root: message.root, id: message.id });
        this.#send({ type: 'explained', root: message.root, id: message.id, explanation });
        return;
      }
      case 'correct':
        await this.#host.request('correctMood', { root: message.root, id: message.id, label: message.label });
        this.#send({ type: 'changed' });
        return;
      case 'open':
        return this.#host.open(message);
      case 'openFile':
        return this.#host.openFile(message.path);
      case 'export':
        return this.#export(message.filter, message.format);
      case 'pause':
        this.#paused = true;
        this.#preparing?.abort.abort();
        this.#setProgress({ ...this.#progress, phase: 'paused' });
        return;
      case 'resume':
        this.#paused = false;
        this.#setProgress({ ...this.#progress, phase: 'idle' });
        this.changed();
        return;
      case 'command':
        return this.#host.run(message.command);
    }
  }

  async #report({ id, request }: Message<'load'>): Promise<void> {
    this.#load?.abort();
    const load = new AbortController();
    this.#load = load;
    this.#prepare(request);
    try {
      const report = await this.#host.request('mood', request, load.signal);
      if (this.#load === load) this.#send({ type: 'report', id, report });
    } catch (error) {
      if (!isCancellation(error)) this.#send({ type: 'failed', id, error: serializeError(error) });
    }
  }

  /** Begins to bring what the request is about up to date, once for as long as the view is open. */
  #prepare({ roots, kinds }: MoodRequest): void {
    const key = JSON.stringify([roots, kinds]);
    if (this.#paused || this.#prepared === key || this.#preparing?.kinds === key) return;
    this.#preparing?.abort.abort();
    const abort = new AbortController();
    const preparing = { abort, kinds: key };
    this.#preparing = preparing;
    const params = { kinds: [...kinds] as HistoryKind[], ...(roots === undefined ? {} : { roots }) };
    const ended = (error?: unknown): void => {
      if (this.#preparing !== preparing) return;
      this.#preparing = undefined;
      if (!this.#paused) this.#setProgress({ ...this.#progress, phase: 'idle' });
      if (error === undefined) this.#prepared = key;
      else if (!isCancellation(error)) {
        this.#prepared = key;
        this.#send({ type: 'failed', id: unknownRequestId, error: serializeError(error) });
        return;
      }
      this.#send({ type: 'changed' });
    };
    this.#host.request('prepareMood', params, abort.signal).then(() => ended(), ended);
  }

  async #export(filter: MoodFilter, format: 'csv' | 'json'): Promise<void> {
    const file = await this.#host.exportFile(format);
    if (file !== undefined) await this.#host.request('exportMood', { filter, file, format });
  }

  #setProgress(progress: MoodProgress): void {
    this.#progress = progress;
    this.#send({ type: 'progress', progress });
  }

  #send(message: HostToMood): void {
    this.#post?.(message);
  }
}
