import type { IndexSummary } from '../../engine/engine.ts';
import { describePreview } from '../../engine/remote/remotePreview.ts';
import type { Command } from '../command.ts';
import { progressLine } from '../progressLine.ts';
import { workspaceRoot } from '../roots.ts';

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
  usage: 'index [DIR] [--fresh] [--remote URL [--dry-run]]',
  summary: 'Index a folder, or bring its index up to date.',
  options: { fresh: { type: 'boolean' }, 'dry-run': { type: 'boolean' } },
  arity: [0, 1],
  async run({ positionals, options, engine, signal, progress }) {
    const root = workspaceRoot(positionals[0]);
    if (options['dry-run'] === true) {
      await engine().index(root, { fresh: false, embed: false, signal });
      const [preview] = engine().previewRemote([root.uri]);
      return { json: preview, text: describePreview(preview!) };
    }
    const summary = await engine().index(root, {
      fresh: options['fresh'] === true,
      embed: true,
      signal,
      onStatus: (status) => progress(progressLine(status)),
    });
    return { json: summary, text: describe(summary) };
  },
};
