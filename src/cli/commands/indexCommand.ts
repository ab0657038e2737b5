import type { IndexSummary } from '../../engine/engine.ts';
import { chunkerVersion } from '../../engine/chunk/chunkerVersion.ts';
import { describePreview } from '../../engine/remote/remotePreview.ts';
import { databaseFile } from '../../engine/store/databaseFile.ts';
import { exportIndex } from '../../engine/transfer/exportIndex.ts';
import { importIndex } from '../../engine/transfer/importIndex.ts';
import type { WorkspaceRoot } from '../../shared/protocol.ts';
import type { PublishProgress, PublishSummary } from '../../shared/team.ts';
import { stringOption, type Command, type CommandContext } from '../command.ts';
import { engineSettings } from '../engineSettings.ts';
import { progressLine } from '../progressLine.ts';
import { workspaceRoot } from '../roots.ts';
import { storageDirectory } from '../storageDirectory.ts';
import { teamSettings } from '../teamStore.ts';

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

const databaseOf = (root: WorkspaceRoot): string => databaseFile(storageDirectory(), root.path);

/** Takes over the file of `--import`; the folder is to be indexed next. */
async function importFile({ options, engine, signal }: CommandContext, root: WorkspaceRoot, replace: boolean) {
  const file = stringOption(options, 'import');
  if (file === undefined) return undefined;
  const { fingerprint, name } = await engine().encoder();
  const expected = { chunkerVersion: String(chunkerVersion), fingerprint, model: name };
  const { dispose, ...json } = await importIndex(databaseOf(root), file, { expected, replace, signal });
  const how = json.used === 'index' ? 'took over' : 'the folder has an index; it takes embeddings from';
  return { json, dispose, text: `${how} ${json.files} files, ${json.chunks} chunks of ${file}\n` };
}

async function exportFile({ options, signal }: CommandContext, root: WorkspaceRoot) {
  const file = stringOption(options, 'export');
  if (file === undefined) return undefined;
  const json = await exportIndex(databaseOf(root), file, signal);
  const kept = json.withheld === 0 ? '' : `; ${json.withheld} files with secrets stay here`;
  const size = (json.bytes / 1e6).toFixed(1);
  return { json, text: `exported ${json.files} files, ${json.chunks} chunks to ${json.file} (${size} MB)${kept}\n` };
}

function describeGraph(done: number, total: number): string {
  if (total === 0) return 'shared; the server makes another graph first';
  return `shared; the server makes the graph of the vectors, ${Math.floor((100 * done) / total)} %`;
}

function publish({ engine, signal, progress }: CommandContext, root: WorkspaceRoot): Promise<PublishSummary> {
  const show = ({ step, done, total }: PublishProgress): void =>
    progress(`sharing · ${step === 'files' ? `${done} of ${total} files` : describeGraph(done, total)}`);
  return engine().opened(root.uri).publish(engine().status().model, signal, show);
}

function describePublished(summary: PublishSummary): string {
  const { repository, view, files, chunks, added, removed, withheld, graphFailure } = summary;
  const kept = withheld === 0 ? '' : `, ${withheld} chunks kept here: they look like secrets`;
  const graph =
    graphFailure === undefined ? '' : `the graph that makes searching it faster was not made: ${graphFailure}\n`;
  return `shared ${files} files, ${chunks} chunks as ${view} of ${repository}: ${added} new, ${removed} gone${kept}\n${graph}`;
}

export const indexCommand: Command = {
  name: 'index',
  usage: 'index [DIR] [--fresh] [--store URL] [--export FILE] [--import FILE] [--remote URL [--dry-run]]',
  summary: 'Index a folder, or bring its index up to date; hand the index on as one file.',
  options: {
    fresh: { type: 'boolean' },
    export: { type: 'string' },
    import: { type: 'string' },
    'dry-run': { type: 'boolean' },
  },
  arity: [0, 1],
  async run(context) {
    const { positionals, options, engine, signal, progress } = context;
    const root = workspaceRoot(positionals[0]);
    const team = teamSettings(options);
    if (team !== undefined)
      await engine().updateSettings({ ...engineSettings(options), team: { ...team, publish: true } });
    if (options['dry-run'] === true) {
      await engine().index(root, { fresh: false, embed: false, signal });
      const [preview] = engine().previewRemote([root.uri]);
      return { json: preview, text: describePreview(preview!) };
    }
    const fresh = options['fresh'] === true;
    const imported = await importFile(context, root, fresh);
    try {
      const summary = await engine().index(root, {
        fresh: fresh && imported === undefined,
        embed: true,
        signal,
        onStatus: (status) => progress(progressLine(status)),
      });
      const exported = await exportFile(context, root);
      const published = team === undefined ? undefined : await publish(context, root);
      const transfers = {
        ...(imported && { imported: imported.json }),
        ...(exported && { exported: exported.json }),
        ...(published && { published }),
      };
      const text = [
        imported?.text ?? '',
        describe(summary),
        exported?.text ?? '',
        published === undefined ? '' : describePublished(published),
      ].join('');
      return { json: { ...summary, ...transfers }, text };
    } finally {
      imported?.dispose();
    }
  },
};
