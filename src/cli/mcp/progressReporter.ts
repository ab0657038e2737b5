import type { ServerContext } from '@modelcontextprotocol/server';
import type { WorkspaceRoot } from '../../shared/protocol.ts';
import type { EngineStatus, RootStatus } from '../../shared/status.ts';
import { progressLine } from '../progressLine.ts';

const intervalMs = 500;

/** Tells a client that asked for it how far indexing has come while its call waits; silent for others. */
export function progressReporter(
  { mcpReq }: ServerContext,
  folders: readonly WorkspaceRoot[],
): (status: EngineStatus) => void {
  const progressToken = mcpReq._meta?.progressToken;
  if (progressToken === undefined) return () => undefined;
  let last = 0;
  let reported = 0;
  return ({ roots }) => {
    const own = roots.filter(({ root }) => folders.some(({ uri }) => uri === root));
    const sum = (pick: (root: RootStatus) => number): number => own.reduce((total, root) => total + pick(root), 0);
    const progress = sum(({ files, embedded }) => files + embedded);
    const now = performance.now();
    // The protocol wants it to rise with every message.
    if (progress <= reported || now - last < intervalMs) return;
    last = now;
    reported = progress;
    const total = sum(({ files, chunks }) => files + chunks);
    const message = own.map((root) => `${root.name}: ${progressLine(root)}`).join('; ');
    void mcpReq
      .notify({ method: 'notifications/progress', params: { progressToken, progress, total, message } })
      .catch(() => undefined);
  };
}
