import { randomUUID } from 'node:crypto';
import * as vscode from 'vscode';
import type { HubHit, ModelInstallation, ModelOffer, ModelProgress } from '../../shared/models.ts';
import { readHubAccess } from '../config/hubAccess.ts';
import type { EngineClient } from '../engine/engineClient.ts';
import type { HubToken } from '../secrets/hubToken.ts';
import { readableBytes } from './readableBytes.ts';

export interface InstallContext {
  readonly engine: EngineClient;
  readonly hubToken: HubToken;
}

/** Shows licence and size, downloads on consent. Nothing when the user thinks better of it. */
export async function downloadModel(
  { engine, hubToken }: InstallContext,
  repository: string,
): Promise<ModelInstallation | undefined> {
  const access = readHubAccess(await hubToken.get());
  const asking = vscode.l10n.t('Asking the hub about {0}', repository);
  const offer = await withProgress(engine, asking, (_task, signal) =>
    engine.request('offerModel', { repository, access }, signal),
  );
  if (!offer.installed && !(await consent(offer))) return undefined;
  const { commit, license } = offer;
  const request = { repository: offer.repository, commit, access, ...(license === undefined ? {} : { license }) };
  return withProgress(engine, vscode.l10n.t('Downloading {0}', offer.repository), (task, signal) =>
    engine.request('addModel', { ...request, task }, signal),
  );
}

export async function searchHub({ engine, hubToken }: InstallContext, query: string): Promise<readonly HubHit[]> {
  const access = readHubAccess(await hubToken.get());
  return (await engine.request('searchHub', { query, access })).hits;
}

export function importModel({ engine }: InstallContext, path: string): Promise<ModelInstallation> {
  return withProgress(engine, vscode.l10n.t('Importing {0}', path), (task, signal) =>
    engine.request('importModel', { path, task }, signal),
  );
}

async function consent(offer: ModelOffer): Promise<boolean> {
  const accept = vscode.l10n.t('Accept and Download');
  const read = vscode.l10n.t('Read the Licence');
  const here =
    offer.partialBytes > 0 ? [vscode.l10n.t('{0} of it are here already.', readableBytes(offer.partialBytes))] : [];
  const detail = [
    vscode.l10n.t('Licence: {0}', offer.license ?? vscode.l10n.t('none stated')),
    vscode.l10n.t('Download: {0}', readableBytes(offer.bytes)),
    ...here,
    ...offer.notes,
  ].join('\n');
  const title = vscode.l10n.t('Download {0}?', offer.repository);
  for (;;) {
    const chosen = await vscode.window.showInformationMessage(title, { modal: true, detail }, accept, read);
    if (chosen !== read) return chosen === accept;
    await vscode.env.openExternal(vscode.Uri.parse(offer.licenseUrl));
  }
}

/** A cancellable notification over one piece of work that the user asked for. */
async function withProgress<T>(
  engine: EngineClient,
  title: string,
  work: (task: string, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const options = { location: vscode.ProgressLocation.Notification, title, cancellable: true };
  return vscode.window.withProgress(options, async (notification, token) => {
    const abort = new AbortController();
    const cancelling = token.onCancellationRequested(() => abort.abort());
    const task = randomUUID();
    let shown = 0;
    const unsubscribe = engine.onModelProgress((progress) => {
      if (progress.task !== task) return;
      const percent = progress.totalBytes === 0 ? 0 : (100 * progress.doneBytes) / progress.totalBytes;
      notification.report({ message: progressText(progress), increment: Math.max(0, percent - shown) });
      shown = Math.max(shown, percent);
    });
    try {
      return await work(task, abort.signal);
    } finally {
      unsubscribe();
      cancelling.dispose();
    }
  });
}

/** "412 MB of 597 MB · 23 MB/s · 8 s left" */
export function progressText({
  phase,
  doneBytes,
  totalBytes,
  bytesPerSecond,
  etaSeconds,
  detail,
}: ModelProgress): string {
  if (phase === 'checking') return vscode.l10n.t('checking');
  const parts = [vscode.l10n.t('{0} of {1}', readableBytes(doneBytes), readableBytes(totalBytes))];
  if (phase === 'waiting') return [...parts, detail ?? vscode.l10n.t('waiting')].join(' · ');
  if (bytesPerSecond !== undefined) parts.push(`${readableBytes(bytesPerSecond)}/s`);
  if (etaSeconds !== undefined) parts.push(timeLeft(etaSeconds));
  return parts.join(' · ');
}

function timeLeft(seconds: number): string {
  return seconds < 90
    ? vscode.l10n.t('{0} s left', Math.ceil(seconds))
    : vscode.l10n.t('{0} min left', Math.ceil(seconds / 60));
}
