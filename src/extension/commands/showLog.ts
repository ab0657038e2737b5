import type { CommandHandler } from './commandContext.ts';

/** Opens the log. Needs no engine. */
export const showLog: CommandHandler = ({ log }) => log.show();
