import type { EngineStatus, RootStatus } from '../../shared/status.ts';
import type { EngineState } from '../engine/engineSupervisor.ts';
import type { Localizer } from '../localizer.ts';

export interface StatusInput {
  readonly state: EngineState;
  readonly status: EngineStatus | null;
}

export interface StatusText {
  readonly text: string;
  /** For screen readers: no icons, no abbreviations. */
  readonly label: string;
  readonly severity: 'normal' | 'warning' | 'error';
}

/** 999 → "999", 1234 → "1.2k", 12345 → "12k", 1234567 → "1.2M". */
export function compactCount(count: number): string {
  const units = [
    { size: 1_000_000, suffix: 'M' },
    { size: 1_000, suffix: 'k' },
  ];
  for (const { size, suffix } of units) {
    if (count < size) continue;
    const scaled = count / size;
    return `${scaled < 10 ? Math.floor(scaled * 10) / 10 : Math.floor(scaled)}${suffix}`;
  }
  return String(count);
}

/** Whole per cent, 100 only when nothing is missing; `undefined` when there is nothing to embed. */
export function embeddedPercent(status: EngineStatus): number | undefined {
  const { chunks, embedded } = totals(status);
  return chunks === 0 ? undefined : Math.floor((100 * embedded) / chunks);
}

function totals(status: EngineStatus): {
  readonly files: number;
  readonly chunks: number;
  readonly embedded: number;
} {
  const sum = (field: 'files' | 'chunks' | 'embedded'): number =>
    status.roots.reduce((total, root) => total + root[field], 0);
  return { files: sum('files'), chunks: sum('chunks'), embedded: sum('embedded') };
}

const busyPhases: readonly RootStatus['phase'][] = ['opening', 'scanning', 'indexing', 'embedding'];

export function isIndexing(status: EngineStatus | null): boolean {
  return status !== null && !status.paused && status.roots.some((root) => busyPhases.includes(root.phase));
}

/** What the status bar says, in one line. */
export function statusText({ state, status }: StatusInput, l10n: Localizer): StatusText {
  switch (state.kind) {
    case 'stopped':
      return { text: '$(target) Sextant', label: l10n.t('Sextant is not running'), severity: 'normal' };
    case 'starting':
      return { text: '$(loading~spin) Sextant', label: l10n.t('Sextant is starting'), severity: 'normal' };
    case 'restarting':
      return {
        text: '$(loading~spin) Sextant',
        label: l10n.t('Sextant’s engine stopped and is being restarted'),
        severity: 'warning',
      };
    case 'failed':
      return {
        text: '$(error) Sextant',
        label: l10n.t('Sextant’s engine cannot run: {0}', state.error.message),
        severity: 'error',
      };
    case 'running':
      return status ? runningText(status, l10n) : { text: '$(target) Sextant', label: 'Sextant', severity: 'normal' };
  }
}

function runningText(status: EngineStatus, l10n: Localizer): StatusText {
  const broken = status.roots.find((root) => root.phase === 'error');
  const error = broken?.error ?? status.modelError;
  const icon = error ? '$(warning)' : status.paused ? '$(debug-pause)' : '$(target)';
  const percent = embeddedPercent(status);
  const { chunks, files } = totals(status);
  const backend = status.backend?.name.toUpperCase();
  const parts = [
    ...(percent === undefined ? [l10n.t('no chunks')] : [l10n.t('{0} %', percent)]),
    ...(backend === undefined ? [] : [backend]),
    ...(percent === undefined ? [] : [l10n.t('{0} chunks', compactCount(chunks))]),
  ];
  const what = l10n.t('Sextant: {0} per cent embedded, {1} chunks in {2} files', percent ?? 0, chunks, files);
  const how = error ? `, ${error.message}` : status.paused ? l10n.t(', paused') : '';
  return { text: `${icon} ${parts.join(' · ')}`, label: what + how, severity: error ? 'warning' : 'normal' };
}
