import type { LogOutputChannel } from 'vscode';
import type { LogLine } from '../shared/protocol.ts';

/** Writes a structured line of the engine as `message key=value …`. */
export function writeLog(channel: Pick<LogOutputChannel, LogLine['level']>, line: LogLine): void {
  channel[line.level](formatLogLine(line));
}

export function formatLogLine({ message, data }: LogLine): string {
  const fields = Object.entries(data ?? {}).map(([key, value]) => `${key}=${JSON.stringify(value)}`);
  return [message, ...fields].join(' ');
}
