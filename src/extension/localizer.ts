/** The part of `vscode.l10n` that code needs which must also run without VS Code. */
export interface Localizer {
  t(message: string, ...args: (string | number | boolean)[]): string;
}
