import type { moodRequests, MoodResults } from '../../shared/mood.ts';
import type { EngineParams } from '../../shared/protocol.ts';
import type { ProjectHistory } from './projectHistory.ts';

type MoodHandlers = {
  readonly [M in keyof typeof moodRequests]: (params: EngineParams<M>, signal: AbortSignal) => Promise<MoodResults[M]>;
};

/** Answers the window's requests about commits, issues and their mood. */
export function moodHandlers(history: () => Pick<ProjectHistory, 'mood' | 'service'>): MoodHandlers {
  return {
    mood: (request, signal) => history().mood.report(request, signal),
    prepareMood: async ({ roots, kinds }, signal) => {
      await history().mood.prepare(roots, kinds, signal);
      return {};
    },
    explainMood: ({ root, id }) => history().mood.explain(root, id),
    correctMood: async ({ root, id, label }) => {
      await history().mood.correct(root, id, label);
      return {};
    },
    exportMood: async ({ filter, file, format }, signal) => ({
      items: await history().mood.export(filter, file, format, signal),
    }),
    showCommit: async ({ root, source, sha }, signal) => ({
      text: await history().service.showCommit(root, source, sha, signal),
    }),
    syncIssues: ({ root, forge }, signal) => history().mood.syncIssues(root, forge, signal),
    importIssues: ({ root, file }) => history().mood.importIssues(root, file),
  };
}
