import path from 'node:path';
import { SextantError } from '../../shared/errors.ts';
import type { HistoryItem, HistoryKind } from '../../shared/history.ts';
import type { Forge, IssueSync, MoodFilter, MoodReport, MoodRequest } from '../../shared/mood.ts';
import type { MoodExplanation, MoodLabel } from '../../shared/sentiment.ts';
import { readTags, repositoriesOf, type Tag } from '../git/repositories.ts';
import type { HistoryClassifier } from '../history/classifyHistory.ts';
import type { HistoryWork } from '../history/embedHistory.ts';
import type { HistoryService } from '../history/historyService.ts';
import { historyMoodText, moodKindOf } from '../history/historyText.ts';
import type { RootHistory } from '../history/rootHistory.ts';
import { importIssues } from '../issues/importIssues.ts';
import { syncIssues } from '../issues/syncIssues.ts';
import type { MoodReaders } from './classifierHost.ts';
import { correctedMood, type Corrections } from './corrections.ts';
import { exportedMood, exportMood, type ExportedMood } from './exportMood.ts';
import { filteredRows, moodReport, type MoodSource } from './moodReport.ts';

export interface MoodServiceOptions {
  readonly history: HistoryService;
  readonly classifier: MoodReaders;
  readonly corrections: Corrections;
  /** URIs of the open roots. */
  readonly roots: () => readonly string[];
}

/** Items read at once for lists and exports. */
const pageSize = 500;

/** The mood of the open roots' commits and issues. */
export class MoodService {
  readonly #options: MoodServiceOptions;

  constructor(options: MoodServiceOptions) {
    this.#options = options;
  }

  /** Brings commits up to date and classifies items of these kinds; progress is told as the history's status as well. */
  async prepare(
    roots: readonly string[] | undefined,
    kinds: readonly HistoryKind[],
    signal: AbortSignal,
    { newest, onProgress }: Pick<HistoryWork, 'newest' | 'onProgress'> = {},
  ): Promise<void> {
    const classifier = await this.#classifier();
    for (const history of this.#histories(roots)) {
      if (kinds.includes('commit')) await history.read(signal);
      await history.classify(classifier, kinds, signal, newest, onProgress);
    }
  }

  /** @throws see `moodReport`, and the classifier's when it cannot be opened. */
  async report(request: MoodRequest, signal: AbortSignal): Promise<MoodReport> {
    const { fingerprint } = await this.#options.classifier.open();
    signal.throwIfAborted();
    const sources: MoodSource[] = [];
    for (const { root, store, folder } of this.#histories(request.roots)) {
      sources.push({ root, store, tags: request.by === 'release' ? await tagsOf(folder, signal) : [] });
    }
    return moodReport(sources, request, fingerprint, signal);
  }

  /** @throws SextantError `not_found` for an item that is gone. */
  async explain(root: string, id: number): Promise<MoodExplanation> {
    const item = this.#item(root, id);
    const classifier = await this.#options.classifier.open();
    return classifier.explain(historyMoodText(item), moodKindOf(item.kind));
  }

  /** Records what the user says, for training, and shows it from now on. */
  async correct(root: string, id: number, label: MoodLabel): Promise<void> {
    const item = this.#item(root, id);
    const { fingerprint } = await this.#options.classifier.open();
    this.#options.corrections.add(historyMoodText(item), moodKindOf(item.kind), label);
    const { store } = this.#options.history.of(root);
    if (!store.acquire()) return;
    store.writeHistory((history) => {
      const moods = history.texts([id]).map(({ contentHash }) => ({ contentHash, mood: correctedMood(label) }));
      history.storeMoods(fingerprint, moods);
    });
  }

  /** Every classified item that passes the filter, in the order they were stored. */
  async *items(filter: MoodFilter, signal: AbortSignal): AsyncGenerator<ExportedMood> {
    const { fingerprint } = await this.#options.classifier.open();
    for (const { root, store } of this.#histories(filter.roots)) {
      for await (const rows of filteredRows({ root, store }, filter, fingerprint, signal)) {
        for (let start = 0; start < rows.length; start += pageSize) {
          const ids = rows.slice(start, start + pageSize).map(({ id }) => id);
          const items = store.readHistory((history) => history.items(ids, fingerprint));
          yield* items.map(exportedMood).filter((item) => item !== undefined);
        }
      }
    }
  }

  /** @throws see `exportMood` */
  export(filter: MoodFilter, file: string, format: 'csv' | 'json', signal: AbortSignal): Promise<number> {
    if (!path.isAbsolute(file)) throw new SextantError('invalid_argument', `${file} is not an absolute path.`);
    return exportMood(this.items(filter, signal), file, format, signal);
  }

  /** Fetches what is new from a forge; `full` also looks for what was deleted there. @throws see `syncIssues` */
  syncIssues(root: string, forge: Forge, signal: AbortSignal, full = false): Promise<IssueSync> {
    return syncIssues(this.#writable(root).store, forge, { signal, full });
  }

  /** Takes issues from a file in place of what an earlier import of it gave. @throws see `importIssues` */
  importIssues(root: string, file: string): Promise<IssueSync> {
    return importIssues(this.#writable(root).store, file);
  }

  #writable(root: string): RootHistory {
    const history = this.#options.history.of(root);
    if (history.store.acquire()) return history;
    throw new SextantError('database_busy', 'Another window or command is indexing this folder.', {
      hint: 'Close it, or look at issues there.',
    });
  }

  #histories(roots: readonly string[] | undefined): RootHistory[] {
    return (roots ?? this.#options.roots()).map((uri) => this.#options.history.of(uri));
  }

  #item(root: string, id: number): HistoryItem {
    const [item] = this.#options.history.of(root).store.readHistory((history) => history.items([id], undefined));
    if (item === undefined) throw new SextantError('not_found', 'This item is no longer in the index.');
    return item;
  }

  /** The classifier, overruled by what the user said. */
  async #classifier(): Promise<HistoryClassifier> {
    const classifier = await this.#options.classifier.open();
    const { corrections } = this.#options;
    return {
      fingerprint: classifier.fingerprint,
      classify: async (texts, kind, options) => {
        const moods = await classifier.classify(texts, kind, options);
        return moods.map((mood, index) => corrections.apply(texts[index]!, mood));
      },
    };
  }
}

async function tagsOf(folder: string, signal: AbortSignal): Promise<Tag[]> {
  const tags = await Promise.all(repositoriesOf(folder).map(({ directory }) => readTags(directory, signal)));
  return tags.flat();
}
