import os from 'node:os';
import { backendPreferences, defaultEngineSettings, precisions, type EngineSettings } from '../shared/protocol.ts';
import { choiceOption, numberOption, stringOption, type OptionValues } from './command.ts';
import { resolveModel } from './models.ts';
import { remoteSettings } from './remote.ts';
import { teamSettings } from './teamStore.ts';

/** What the global options say about the engine. */
export function engineSettings(options: OptionValues): EngineSettings {
  const remote = remoteSettings(options);
  const team = teamSettings(options);
  return {
    ...defaultEngineSettings,
    modelPath: resolveModel(stringOption(options, 'model')),
    threads: numberOption(options, 'threads', { fallback: os.availableParallelism(), min: 1, max: 256 }),
    backend: choiceOption(options, 'backend', backendPreferences, 'auto'),
    precision: choiceOption(options, 'precision', precisions, 'float32'),
    ...(remote === undefined ? {} : { remote }),
    ...(team === undefined ? {} : { team }),
  };
}
