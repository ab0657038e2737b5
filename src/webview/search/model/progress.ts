import type { EngineStatus, RootPhase, RootStatus } from '../../../shared/status.ts';

/** The indexing of all roots taken together. */
export interface Progress {
  readonly phase: RootPhase;
  readonly files: number;
  readonly chunks: number;
  readonly embedded: number;
  /** Share of the chunks that is embedded, in [0, 1]; 1 for an empty workspace. */
  readonly share: number;
  readonly currentFile: string | null;
  readonly etaSeconds: number | null;
}

/** The most urgent phase names the whole. */
const urgency: readonly RootPhase[] = ['error', 'opening', 'scanning', 'indexing', 'embedding', 'paused', 'ready'];

function leading(roots: readonly RootStatus[]): RootStatus | undefined {
  return roots.toSorted((a, b) => urgency.indexOf(a.phase) - urgency.indexOf(b.phase))[0];
}

export function progressOf(status: EngineStatus | null): Progress | null {
  if (status === null) return null;
  const lead = leading(status.roots);
  if (lead === undefined) return null;
  const sum = (pick: (root: RootStatus) => number) => status.roots.reduce((total, root) => total + pick(root), 0);
  const chunks = sum((root) => root.chunks);
  const embedded = sum((root) => root.embedded);
  const etas = status.roots.flatMap((root) => (root.etaSeconds === undefined ? [] : [root.etaSeconds]));
  return {
    phase: status.paused && lead.phase !== 'ready' ? 'paused' : lead.phase,
    files: sum((root) => root.files),
    chunks,
    embedded,
    share: chunks === 0 ? 1 : Math.min(1, embedded / chunks),
    currentFile: lead.currentFile ?? null,
    etaSeconds: etas.length === 0 ? null : Math.max(...etas),
  };
}

/** Whether the index is still growing. */
export function isGrowing(progress: Progress | null): boolean {
  return progress !== null && ['opening', 'scanning', 'indexing', 'embedding'].includes(progress.phase);
}

/** Languages of the indexed files, the most common first. */
export function indexedLanguages(status: EngineStatus | null): string[] {
  const counts = new Map<string, number>();
  for (const root of status?.roots ?? []) {
    for (const [language, files] of Object.entries(root.languages ?? {})) {
      counts.set(language, (counts.get(language) ?? 0) + files);
    }
  }
  return [...counts].sort(([, a], [, b]) => b - a).map(([language]) => language);
}
