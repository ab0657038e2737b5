import type { CommandHandler } from './commandContext.ts';

/** Stops indexing until it is resumed; what is indexed can be searched. A restarted engine stays paused. */
export const pauseIndexing: CommandHandler = ({ engine }) => engine.setPaused(true);
