import type { CommandHandler } from './commandContext.ts';
import { requireFolder } from './requireFolder.ts';

/** Measures search on the user's own code and shows the report in the fine-tune view. */
export const measureSearch: CommandHandler = async ({ finetuneView }) => {
  requireFolder();
  await finetuneView.reveal();
  await finetuneView.panel.receive({ type: 'measure' });
};
