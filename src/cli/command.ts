import type { ParseArgsOptionsConfig } from 'node:util';
import type { Engine } from '../engine/engine.ts';
import { SextantError } from '../shared/errors.ts';

/** The options of one call, as `parseArgs` gives them. */
export type OptionValues = Readonly<Record<string, string | boolean | (string | boolean)[] | undefined>>;

export interface CommandContext {
  readonly positionals: readonly string[];
  readonly options: OptionValues;
  readonly signal: AbortSignal;
  /** Opens the engine on first use, with the global options applied; disposed by the caller. */
  readonly engine: () => Engine;
  /** Progress and remarks for a person, on stderr. */
  readonly say: (message: string) => void;
  /** Replaces the last progress line on a terminal; silent elsewhere. */
  readonly progress: (message: string) => void;
}

/** What a command answers: the value of `--json`, and the same for a person. */
export interface CommandResult {
  readonly json: unknown;
  readonly text: string;
}

export interface Command {
  readonly name: string;
  readonly usage: string;
  readonly summary: string;
  readonly options: ParseArgsOptionsConfig;
  /** Fewest and most positionals. */
  readonly arity: readonly [number, number];
  run(context: CommandContext): Promise<CommandResult>;
}

/** Wrong words on the command line: exit code 2. */
export class UsageError extends SextantError {
  constructor(message: string) {
    super('invalid_argument', message, { hint: 'Run `sextant help` for the commands and their options.' });
  }
}

export function stringOption(options: OptionValues, name: string): string | undefined {
  const value = options[name];
  return typeof value === 'string' ? value : undefined;
}

export function stringListOption(options: OptionValues, name: string): string[] {
  const value = options[name];
  const list = Array.isArray(value) ? value : value === undefined ? [] : [value];
  return list.filter((item) => typeof item === 'string').flatMap((item) => item.split(',').filter(Boolean));
}

/** A number within bounds, or the fallback where the option is absent. */
export function numberOption(
  options: OptionValues,
  name: string,
  { fallback, min, max, integer = true }: { fallback: number; min: number; max: number; integer?: boolean },
): number {
  const text = stringOption(options, name);
  if (text === undefined) return fallback;
  const value = Number(text);
  if (text.trim() === '' || !(value >= min && value <= max) || (integer && !Number.isInteger(value))) {
    throw new UsageError(
      `--${name} takes a ${integer ? 'whole number' : 'number'} from ${min} to ${max}, not «${text}».`,
    );
  }
  return value;
}

export function choiceOption<T extends string>(
  options: OptionValues,
  name: string,
  choices: readonly T[],
  fallback: T,
): T {
  const text = stringOption(options, name);
  if (text === undefined) return fallback;
  const choice = choices.find((candidate) => candidate === text);
  if (choice === undefined) throw new UsageError(`--${name} is one of ${choices.join(', ')}, not «${text}».`);
  return choice;
}
