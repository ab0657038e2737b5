import type { SerializedError } from '../../shared/errors.ts';
import type { Diagnostics } from '../../shared/protocol.ts';
import type { EngineStatus, RootStatus } from '../../shared/status.ts';
import type { EngineState } from '../engine/engineSupervisor.ts';
import type { Localizer } from '../localizer.ts';

export interface ReportInput {
  readonly state: EngineState;
  readonly status: EngineStatus | null;
  /** Absent when the engine is down or could not answer. */
  readonly diagnostics?: Diagnostics;
  readonly restricted: boolean;
  /** Names and values for the top of the report, such as versions. */
  readonly facts: Readonly<Record<string, string>>;
}

/** The state of index and engine as Markdown: paths and counts, never the content of files. */
export function statusReport(input: ReportInput, l10n: Localizer): string {
  const { state, status, diagnostics } = input;
  const sections = [
    [`# ${l10n.t('Sextant: index status')}`],
    table([l10n.t('What'), l10n.t('Value')], [...Object.entries(input.facts), ...engineRows(input, l10n)]),
    ...(state.kind === 'failed' ? [errorLines(state.error)] : []),
    ...(status?.modelError ? [errorLines(status.modelError)] : []),
    ...(status?.roots ?? []).map((root) => rootSection(root, l10n)),
    ...(diagnostics ? diagnosticsSections(diagnostics, l10n) : []),
  ];
  return `${sections.map((lines) => lines.join('\n')).join('\n\n')}\n`;
}

function engineRows({ state, status, diagnostics, restricted }: ReportInput, l10n: Localizer): [string, string][] {
  const engine = state.kind === 'running' ? `${state.kind} (pid ${state.pid}, ${state.version})` : state.kind;
  return [
    [l10n.t('Engine'), engine],
    ...(restricted ? [[l10n.t('Restricted Mode'), l10n.t('yes')] as [string, string]] : []),
    ...(status?.model
      ? [[l10n.t('Model'), `${status.model.name} (${status.model.dimension})`] as [string, string]]
      : []),
    ...(status?.backend
      ? [[l10n.t('Backend'), `${status.backend.name.toUpperCase()}: ${status.backend.reason}`] as [string, string]]
      : []),
    ...(status ? [[l10n.t('Paused'), status.paused ? l10n.t('yes') : l10n.t('no')] as [string, string]] : []),
    ...(diagnostics ? [[l10n.t('Memory'), `${megabytes(diagnostics.memory.rssBytes)} MB`] as [string, string]] : []),
  ];
}

function rootSection(root: RootStatus, l10n: Localizer): string[] {
  const share = root.chunks === 0 ? '' : ` (${Math.floor((100 * root.embedded) / root.chunks)} %)`;
  const skipped = Object.entries(root.skipped).filter(([, count]) => count > 0);
  const rows: [string, string][] = [
    [l10n.t('State'), root.phase],
    [l10n.t('Files'), String(root.files)],
    [l10n.t('Chunks'), String(root.chunks)],
    [l10n.t('Embedded'), `${root.embedded}${share}`],
    ...skipped.map(([reason, count]): [string, string] => [l10n.t('Skipped: {0}', reason), String(count)]),
    ...(root.degraded > 0 ? [[l10n.t('Cut by lines, parser failed'), String(root.degraded)] as [string, string]] : []),
    ...teamRows(root, l10n),
    ...(root.withheld === undefined
      ? []
      : [[l10n.t('Withheld from the embedding server'), String(root.withheld)] as [string, string]]),
    ...(root.currentFile === undefined ? [] : [[l10n.t('Now at'), root.currentFile] as [string, string]]),
    ...(root.etaSeconds === undefined
      ? []
      : [[l10n.t('Time left'), l10n.t('{0} s', Math.round(root.etaSeconds))] as [string, string]]),
    ...(root.tokensPerSecond === undefined
      ? []
      : [[l10n.t('Tokens per second'), String(Math.round(root.tokensPerSecond))] as [string, string]]),
  ];
  return [
    `## ${escape(root.name)}`,
    '',
    ...table([l10n.t('What'), l10n.t('Value')], rows),
    ...(root.error ? ['', ...errorLines(root.error)] : []),
  ];
}

function teamRows({ team }: RootStatus, l10n: Localizer): [string, string][] {
  if (team === undefined) return [];
  const { view, error } = team;
  return [[l10n.t('Shared index'), error === undefined ? view : l10n.t('{0}, not used: {1}', view, error.message)]];
}

function diagnosticsSections(diagnostics: Diagnostics, l10n: Localizer): string[][] {
  const backends = diagnostics.backends.map((backend): [string, string] => [
    backend.name,
    `${backend.available ? l10n.t('available') : l10n.t('not available')}: ${backend.reason}`,
  ]);
  const databases = diagnostics.databases.map((database): [string, string] => [
    database.root,
    `${megabytes(database.bytes)} MB, ${database.health}`,
  ]);
  const section = (title: string, rows: [string, string][]): string[] =>
    rows.length === 0 ? [] : [`## ${title}`, '', ...table([l10n.t('What'), l10n.t('Value')], rows)];
  return [
    section(l10n.t('Backends'), backends),
    section(l10n.t('Databases'), databases),
    section(l10n.t('Versions'), Object.entries(diagnostics.versions)),
  ].filter((lines) => lines.length > 0);
}

function errorLines(error: SerializedError | { code: string; message: string; hint?: string | undefined }): string[] {
  return [`> **${error.code}**: ${escape(error.message)}${error.hint === undefined ? '' : ` ${escape(error.hint)}`}`];
}

function table(head: readonly [string, string], rows: readonly (readonly [string, string])[]): string[] {
  return [`| ${head[0]} | ${head[1]} |`, '| --- | --- |', ...rows.map(([a, b]) => `| ${escape(a)} | ${escape(b)} |`)];
}

function escape(text: string): string {
  return text.replaceAll(/\s*\n\s*/g, ' ').replaceAll(/[\\`*_{}[\]<>|#]/g, (character) => `\\${character}`);
}

function megabytes(bytes: number): string {
  return (bytes / 1024 / 1024).toFixed(1);
}
