import { deserializeError, serializeError } from '../../../shared/errors.ts';
import type { FinetuneRun } from '../../../shared/finetune.ts';
import { thinned, type RunFolder, type RunRecord } from './runFolder.ts';
import { curvesOf, type RunProgress } from './runProgress.ts';

/** A run as views see it. One that says it is working while nobody works on it was interrupted: it is paused. */
export function describeRun(
  folder: RunFolder,
  record: RunRecord,
  progress: RunProgress | undefined,
  promoted: boolean,
): FinetuneRun {
  const { id, root, rootName, createdAt, base, settings, pairs, bySource, seconds } = record;
  const { installed, error, split, result } = record;
  const interrupted = record.state === 'training' && progress === undefined;
  const { loss, maskedLoss, evaluations, ...position } = curvesOf(folder.curve());
  const model = installed ?? (folder.hasModelAt(folder.modelDir) ? folder.modelDir : undefined);
  return {
    id,
    root,
    rootName,
    createdAt,
    settings,
    recommended: record.recommended ?? settings,
    pairs,
    bySource,
    seconds,
    base: { name: base.name, fingerprint: base.fingerprint },
    state: interrupted ? 'paused' : record.state,
    activity: progress?.doing ?? '',
    pairsFile: folder.pairsFile,
    ...(progress?.position ?? position),
    loss: thinned(loss),
    maskedLoss: thinned(maskedLoss),
    evaluations,
    promoted,
    ...(split === undefined ? {} : { split }),
    ...(result === undefined ? {} : { result }),
    ...(progress?.tokensPerSecond === undefined ? {} : { tokensPerSecond: progress.tokensPerSecond }),
    ...(progress?.etaSeconds === undefined ? {} : { etaSeconds: progress.etaSeconds }),
    ...(model === undefined ? {} : { model }),
    ...(error === undefined ? {} : { error: serializeError(deserializeError(error)) }),
  };
}
