import type { Localizer } from '../../src/extension/localizer.ts';

/** English, as `vscode.l10n` without a bundle. */
export const plainLocalizer: Localizer = {
  t: (message, ...args) => message.replaceAll(/\{(\d+)\}/g, (_all, index: string) => String(args[Number(index)])),
};
