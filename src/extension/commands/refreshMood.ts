import type { CommandHandler } from './commandContext.ts';

/** Shows the view as well: what was asked for is to be seen. */
export const refreshMood: CommandHandler = async ({ mood }) => {
  mood.panel.changed();
  await mood.reveal();
};
