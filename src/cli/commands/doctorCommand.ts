import { embeddedModelDirectory } from '../../engine/paths.ts';
import { inspectProviders } from '../../engine/runtime/providers/providers.ts';
import { stringOption, type Command } from '../command.ts';
import { resolveModel } from '../models.ts';

export const doctorCommand: Command = {
  name: 'doctor',
  usage: 'doctor',
  summary: 'Say what runs here and why: versions, backends, model, databases.',
  options: {},
  arity: [0, 0],
  async run({ engine, options }) {
    await engine()
      .encoder()
      .catch(() => undefined);
    const known = engine().diagnostics();
    const tried = await inspectProviders(resolveModel(stringOption(options, 'model')) || embeddedModelDirectory);
    const untried = known.backends.filter(({ name }) => !tried.some((report) => report.name === name));
    const diagnostics = { ...known, backends: [...untried, ...tried] };
    const { status } = diagnostics;
    const model = status.model ? `${status.model.name}, ${status.model.dimension} dimensions` : 'none';
    const lines = [
      ...Object.entries(diagnostics.versions).map(([name, version]) => `${name.padEnd(18)} ${version}`),
      ...diagnostics.backends.map(
        ({ name, available, reason }) => `${name.padEnd(18)} ${available ? 'available' : 'not used'}: ${reason}`,
      ),
      `${'model'.padEnd(18)} ${status.modelError ? status.modelError.message : model}`,
      ...diagnostics.databases.map((db) => `${db.root}  ${(db.bytes / 1e6).toFixed(1)} MB  ${db.health}`),
    ];
    return { json: diagnostics, text: `${lines.join('\n')}\n` };
  },
};
