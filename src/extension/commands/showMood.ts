import type { CommandHandler } from './commandContext.ts';

export const showMood: CommandHandler = ({ mood }) => mood.reveal();
