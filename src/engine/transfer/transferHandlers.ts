import { fileURLToPath } from 'node:url';
import { SextantError } from '../../shared/errors.ts';
import type { EngineParams, WorkspaceRoot } from '../../shared/protocol.ts';
import type { RootStatus } from '../../shared/status.ts';
import type { transferRequests, TransferResults } from '../../shared/transfer.ts';
import { chunkerVersion } from '../chunk/chunkerVersion.ts';
import type { Engine } from '../engine.ts';
import { databaseFile } from '../store/databaseFile.ts';
import { exportIndex } from './exportIndex.ts';
import { importIndex, type ImportedIndex } from './importIndex.ts';

type TransferHandlers = {
  readonly [M in keyof typeof transferRequests]: (
    params: EngineParams<M>,
    signal: AbortSignal,
  ) => Promise<TransferResults[M]>;
};

export interface TransferAccess {
  readonly engine: () => Pick<Engine, 'encoder' | 'opened' | 'openRoots' | 'reindex' | 'status'>;
  readonly storageDir: () => string;
  /** The roots that the window has open. */
  readonly roots: () => readonly WorkspaceRoot[];
}

/** Hands indexes of a window's folders on, and takes them over. */
export function transferHandlers({ engine, storageDir, roots }: TransferAccess): TransferHandlers {
  const statusOf = (uri: string): RootStatus => {
    const status = engine()
      .status()
      .roots.find(({ root }) => root === uri);
    if (status === undefined) throw new SextantError('not_found', `The folder ${uri} is not open.`);
    return status;
  };
  const databaseOf = (uri: string): string =>
    databaseFile(storageDir(), roots().find((root) => root.uri === uri)?.path ?? fileURLToPath(uri));
  return {
    exportIndex: async ({ root, file }, signal) => {
      const { phase, chunks, embedded, failed = 0 } = statusOf(root);
      // What the model refused or may not see will not come. How many chunks that is cannot be told: `failed` counts texts.
      if (phase !== 'ready' || embedded === 0 || (embedded < chunks && failed === 0)) {
        throw new SextantError('index_missing', 'The index is not complete yet.', {
          hint: 'Wait until it is, then export it.',
        });
      }
      return exportIndex(databaseOf(root), file, signal);
    },
    importIndex: async ({ root, file }, signal) => {
      const { embedded } = statusOf(root);
      const { fingerprint, name } = await engine().encoder();
      const expected = { chunkerVersion: String(chunkerVersion), fingerprint, model: name };
      const take = (replace: boolean): Promise<ImportedIndex> =>
        importIndex(databaseOf(root), file, { expected, replace, signal });
      const imported = embedded === 0 ? await whileClosed(root, () => take(true)) : await take(false);
      await engine().reindex([root], false);
      // What is lent goes once it was borrowed from; where that could not be, it is cleared away with what is left over.
      void engine()
        .opened(root)
        .whenIdle()
        .then(imported.dispose)
        .catch(() => undefined);
      const { files, chunks, used } = imported;
      return { files, chunks, used };
    },
  };

  /** An index without embeddings is no loss: it makes room for the imported one. */
  async function whileClosed<T>(uri: string, work: () => Promise<T>): Promise<T> {
    await engine().openRoots(roots().filter((root) => root.uri !== uri));
    try {
      return await work();
    } finally {
      await engine().openRoots(roots());
    }
  }
}
