import type { finetuneRequests, FinetuneResults, FinetuneSettings } from '../../shared/finetune.ts';
import type { EngineParams } from '../../shared/protocol.ts';
import type { FinetuneService } from './finetuneService.ts';

type FinetuneHandlers = {
  readonly [M in keyof typeof finetuneRequests]: (
    params: EngineParams<M>,
    signal: AbortSignal,
  ) => FinetuneResults[M] | Promise<FinetuneResults[M]>;
};

/** What was given; fields that were not are left out instead of being undefined. */
function given(settings: EngineParams<'finetuneStart'>['settings']): Partial<FinetuneSettings> {
  return Object.fromEntries(Object.entries(settings ?? {}).filter(([, value]) => value !== undefined));
}

/** Answers the window's requests about fine-tuning. */
export function finetuneHandlers(service: () => FinetuneService): FinetuneHandlers {
  return {
    finetuneRuns: () => ({ runs: service().list() }),
    finetunePrepare: ({ root, sources }, signal) => service().prepare(root, sources, signal),
    finetuneQuestions: ({ id, limit }) => ({ requests: service().questions(id, limit) }),
    finetuneAddQuestions: ({ id, answers }) => service().addQuestions(id, answers),
    finetuneStart: ({ id, settings }) => service().start(id, given(settings)),
    finetunePause: ({ id }) => service().pause(id),
    finetuneCancel: async ({ id }) => {
      await service().cancel(id);
      return {};
    },
    finetunePromote: ({ id }) => service().promote(id),
    finetuneRollback: async ({ root }) => {
      await service().rollback(root);
      return {};
    },
  };
}
