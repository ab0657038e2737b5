import type { CommandHandler } from './commandContext.ts';
import { requireFolder } from './requireFolder.ts';

/** Opens the fine-tune view; each step in it is started by the user. */
export const finetune: CommandHandler = async ({ finetuneView }) => {
  requireFolder();
  await finetuneView.reveal();
};
