import { workerData } from 'node:worker_threads';
import type { SearchMode } from '../../shared/search.ts';
import type { TeamSettings } from '../../shared/team.ts';
import { serveRequests } from '../runtime/serveRequests.ts';
import type { WorkerData } from '../runtime/workerLink.ts';
import type { ModelIdentity } from '../store/catalog.ts';
import { SharedStore } from '../team/sharedStore.ts';
import { OwnClient, type AskedQuestion } from './teamClient.ts';

export interface TeamThreadSettings {
  readonly team: TeamSettings;
  readonly mode: SearchMode;
  readonly model: ModelIdentity | undefined;
}

const { team, mode, model } = (workerData as WorkerData<TeamThreadSettings>).settings;
const shared = new SharedStore(team);
let client: OwnClient | undefined;

serveRequests(
  async (questions: readonly AskedQuestion[]) => {
    client ??= new OwnClient(
      await shared.index(team.repository, team.view, model?.fingerprint),
      mode,
      model,
      new AbortController().signal,
    );
    return { result: await client.together(questions), transfer: [] };
  },
  () => shared.close(),
);
