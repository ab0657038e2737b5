import type { CommandHandler } from './commandContext.ts';

/** Goes on with indexing where it was paused; starts the engine when it does not run. */
export const resumeIndexing: CommandHandler = ({ engine }) => engine.setPaused(false);
