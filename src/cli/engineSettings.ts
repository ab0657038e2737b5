import os from 'node:os';
import { backendPreferences, defaultEngineSettings, precisions, type EngineSettings } from '../shared/protocol.ts';
import { choiceOption, numberOption, stringOption, type OptionValues } from './command.ts';
import { resolveModel } from './models.ts';
import { remoteSettings } from './remote.ts';
import { teamSettings } from './teamStore.ts';

/** Settings with what was said by options laid over them; a model that was named is one of this machine. */
export function withOptions(settings: EngineSettings, options: OptionValues): EngineSettings {
  const said = engineSettings(options);
  const { remote, ...own } = settings;
  const named = options['model'] !== undefined || options['remote'] !== undefined;
  return {
    ...own,
    ...(named || remote === undefined ? {} : { remote }),
    ...(said.remote === undefined ? {} : { remote: said.remote }),
    ...(said.team === undefined ? {} : { team: said.team }),
    ...(options['model'] === undefined ? {} : { modelPath: said.modelPath }),
    ...(options['threads'] === undefined ? {} : { threads: said.threads }),
    ...(options['backend'] === undefined ? {} : { backend: said.backend }),
    ...(options['precision'] === undefined ? {} : { precision: said.precision }),
  };
}

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
