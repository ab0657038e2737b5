import { workerEntry } from '../paths.ts';
import { WorkerLink } from '../runtime/workerLink.ts';
import type { AskedQuestion, TeamClient } from './teamClient.ts';
import type { TeamThreadSettings } from './teamBenchWorker.ts';

/** Searches in a thread of its own, with its own connections and its own memory of what came over them, as another process would. */
export class TeamThread implements TeamClient {
  readonly #link: WorkerLink<readonly AskedQuestion[], readonly number[]>;

  constructor(settings: TeamThreadSettings) {
    this.#link = new WorkerLink(workerEntry('teamBenchWorker'), settings, 'searching');
  }

  together(questions: readonly AskedQuestion[]): Promise<readonly number[]> {
    return this.#link.request(questions);
  }

  dispose(): Promise<void> {
    return this.#link.dispose();
  }
}
