import type { CommandHandler } from './commandContext.ts';

/** Ends the engine and starts a fresh one, also after it was given up. The index continues where it was. */
export const restartEngine: CommandHandler = ({ engine }) => engine.restart();
