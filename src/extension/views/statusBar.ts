import * as vscode from 'vscode';
import type { CommandId } from '../../shared/commands.ts';
import type { RootStatus } from '../../shared/status.ts';
import { localFolders } from '../workspace/workspaceRoots.ts';
import { embeddedPercent, statusText, type StatusInput } from './statusText.ts';

const linked: readonly CommandId[] = [
  'sextant.showStatus',
  'sextant.pauseIndexing',
  'sextant.resumeIndexing',
  'sextant.restartEngine',
  'sextant.showLog',
];

/** The item in the status bar: state, share embedded, backend, size; a click tells more. */
export class StatusBar implements vscode.Disposable {
  readonly #item: vscode.StatusBarItem;

  constructor() {
    this.#item = vscode.window.createStatusBarItem('sextant.status', vscode.StatusBarAlignment.Right, 90);
    this.#item.name = vscode.l10n.t('Sextant');
    this.#item.command = 'sextant.showStatus' satisfies CommandId;
  }

  update(input: StatusInput): void {
    if (localFolders().length === 0) {
      this.#item.hide();
      return;
    }
    const { text, label, severity } = statusText(input, vscode.l10n);
    this.#item.text = text;
    this.#item.accessibilityInformation = { label, role: 'button' };
    this.#item.backgroundColor =
      severity === 'normal' ? undefined : new vscode.ThemeColor(`statusBarItem.${severity}Background`);
    this.#item.tooltip = tooltip(input, label);
    this.#item.show();
  }

  dispose(): void {
    this.#item.dispose();
  }
}

function tooltip(input: StatusInput, label: string): vscode.MarkdownString {
  const markdown = new vscode.MarkdownString(undefined, true);
  markdown.isTrusted = { enabledCommands: linked };
  const { state, status } = input;
  if (!status) {
    markdown.appendText(label).appendMarkdown('\n\n');
  } else {
    for (const root of status.roots) markdown.appendText(rootLine(root)).appendMarkdown('\n\n');
    if (status.modelError) markdown.appendText(status.modelError.message).appendMarkdown('\n\n');
    if (status.model) markdown.appendText(vscode.l10n.t('Model: {0}', status.model.name)).appendMarkdown('\n\n');
    if (status.backend) {
      const { name, reason } = status.backend;
      markdown.appendText(vscode.l10n.t('Backend: {0} ({1})', name.toUpperCase(), reason)).appendMarkdown('\n\n');
    }
  }
  const links: [CommandId, string][] = [['sextant.showStatus', vscode.l10n.t('Status')]];
  if (status?.paused) links.push(['sextant.resumeIndexing', vscode.l10n.t('Resume')]);
  else if (status && (embeddedPercent(status) ?? 100) < 100) {
    links.push(['sextant.pauseIndexing', vscode.l10n.t('Pause')]);
  }
  if (state.kind === 'failed') links.push(['sextant.restartEngine', vscode.l10n.t('Restart')]);
  links.push(['sextant.showLog', vscode.l10n.t('Log')]);
  return markdown.appendMarkdown(links.map(([command, title]) => `[${title}](command:${command})`).join(' · '));
}

function rootLine(root: RootStatus): string {
  const counts = vscode.l10n.t(
    '{0}: {1} files, {2} of {3} chunks embedded',
    root.name,
    root.files,
    root.embedded,
    root.chunks,
  );
  const eta =
    root.etaSeconds === undefined ? '' : vscode.l10n.t(', about {0} min left', Math.ceil(root.etaSeconds / 60));
  return root.error ? `${root.name}: ${root.error.message}` : counts + eta;
}
