import type { IndexSummary } from '../../engine/engine.ts';
import type { RootStatus } from '../../shared/status.ts';
import type { Command } from '../command.ts';
import { workspaceRoot } from '../roots.ts';

/** One line of progress for a terminal. */
export function progressLine(status: RootStatus): string {
  const share = status.chunks === 0 ? 0 : Math.floor((100 * status.embedded) / status.chunks);
  const parts = [status.phase, `${status.files} files`, `${status.chunks} chunks`, `${share} % embedded`];
  if (status.tokensPerSecond !== undefined) parts.push(`${Math.round(status.tokensPerSecond)} tokens/s`);
  if (status.etaSeconds !== undefined) parts.push(`${Math.ceil(status.etaSeconds)} s left`);
  return parts.join(' · ');
}

function describe(summary: IndexSummary): string {
  const skipped = Object.entries(summary.skipped).map(([reason, count]) => `${count} ${reason}`);
  return [
    `${summary.files} files, ${summary.chunks} chunks in ${summary.seconds.toFixed(1)} s`,
    `embedded ${summary.embedded} (${summary.tokens} tokens), reused ${summary.reused}`,
    `model ${summary.model ?? 'none'} on ${summary.backend ?? 'none'}, database ${(summary.databaseBytes / 1e6).toFixed(1)} MB`,
    ...(skipped.length > 0 ? [`skipped: ${skipped.join(', ')}`] : []),
    '',
  ].join('\n');
}

export const indexCommand: Command = {
  name: 'index',
  usage: 'index [DIR] [--fresh]',
  summary: 'Index a folder, or bring its index up to date.',
  options: { fresh: { type: 'boolean' } },
  arity: [0, 1],
  async run({ positionals, options, engine, signal, progress }) {
    const root = workspaceRoot(positionals[0]);
    const summary = await engine().index(root, {
      fresh: options['fresh'] === true,
      embed: true,
      signal,
      onStatus: (status) => progress(progressLine(status)),
    });
    return { json: summary, text: describe(summary) };
  },
};
