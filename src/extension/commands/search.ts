import type { CommandContext } from './commandContext.ts';

/**
 * Shows the panel; with a text as argument it is searched for. Without a folder, or with the engine down, the panel
 * itself says so and offers what helps.
 */
export const search = async ({ view, panel }: CommandContext, query?: unknown): Promise<void> => {
  await view.reveal();
  if (typeof query === 'string' && query.trim() !== '') panel.search(query);
  else panel.focus();
};
