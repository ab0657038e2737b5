import type { CommandContext, CommandResult } from '../command.ts';
import { listMoods, openHistory } from './moodItems.ts';

/** `sentiment commits`: the mood of a folder's commits. */
export async function runSentimentCommits(context: CommandContext): Promise<CommandResult> {
  return listMoods(context, openHistory(context), ['commit']);
}
