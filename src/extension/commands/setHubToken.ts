import type { CommandHandler } from './commandContext.ts';

/** Sets or forgets the token for gated and private models. Needs no engine. */
export const setHubToken: CommandHandler = ({ hubToken }) => hubToken.ask();
