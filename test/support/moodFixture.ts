import path from 'node:path';
import type { TestContext } from 'node:test';
import { HistoryService } from '../../src/engine/history/historyService.ts';
import type { MoodReader, MoodReaders } from '../../src/engine/sentiment/classifierHost.ts';
import { Corrections } from '../../src/engine/sentiment/corrections.ts';
import { MoodService } from '../../src/engine/sentiment/moodService.ts';
import { RootStore } from '../../src/engine/store/rootStore.ts';
import { defaultEngineSettings } from '../../src/shared/protocol.ts';
import type { Mood } from '../../src/shared/sentiment.ts';
import { FakeEncoder } from './fakeEncoder.ts';
import { GitRepository } from './gitRepository.ts';
import { temporaryFolder } from './temporaryFolder.ts';

/** Takes a text's mood from a word in it; knows nothing, but always the same. */
export class WordClassifier implements MoodReader, MoodReaders {
  readonly fingerprint = 'words';
  /** Texts read so far. */
  readonly read: string[] = [];

  open(): Promise<this> {
    return Promise.resolve(this);
  }

  classify(texts: readonly string[]): Promise<Mood[]> {
    this.read.push(...texts);
    return Promise.resolve(texts.map(moodOf));
  }

  explain(text: string): ReturnType<MoodReader['explain']> {
    return Promise.resolve({ mood: moodOf(text), words: [] });
  }
}

function moodOf(text: string): Mood {
  if (text.startsWith('Merge'))
    return { label: 'neutral', scores: { negative: 0, neutral: 1, positive: 0 }, skipped: 'merge' };
  if (text.includes('ugh')) return { label: 'negative', scores: { negative: 0.8, neutral: 0.1, positive: 0.1 } };
  if (text.includes('thanks')) return { label: 'positive', scores: { negative: 0.1, neutral: 0.2, positive: 0.7 } };
  return { label: 'neutral', scores: { negative: 0.1, neutral: 0.8, positive: 0.1 } };
}

/** One root with a real repository and a real store; its texts are embedded and classified by fakes. */
export class MoodFixture {
  readonly root = 'file:///workspace';
  readonly repository: GitRepository;
  readonly store: RootStore;
  readonly encoder = new FakeEncoder();
  readonly classifier = new WordClassifier();
  readonly history: HistoryService;
  readonly mood: MoodService;
  readonly storageDir: string;
  commitLimit = 1000;

  constructor(context: TestContext) {
    const base = temporaryFolder(context);
    this.storageDir = path.join(base, 'storage');
    this.repository = new GitRepository(path.join(base, 'workspace'));
    this.store = new RootStore(path.join(this.storageDir, 'x.db'));
    const workspace = { uri: this.root, path: this.repository.directory, name: 'workspace' };
    this.history = new HistoryService({
      access: {
        storageDir: this.storageDir,
        opened: () => ({ history: this.store, workspace }),
        encoder: () => Promise.resolve(this.encoder),
        settings: () => ({ ...defaultEngineSettings, commitLimit: this.commitLimit }),
      },
      classifier: this.classifier,
      onStatus: () => undefined,
      onLog: () => undefined,
    });
    this.mood = new MoodService({
      history: this.history,
      classifier: this.classifier,
      corrections: new Corrections(this.storageDir),
      roots: () => [this.root],
    });
    context.after(async () => {
      await this.history.dispose();
      this.store.close();
    });
  }
}
