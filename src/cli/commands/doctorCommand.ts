import type { Command } from '../command.ts';

export const doctorCommand: Command = {
  name: 'doctor',
  usage: 'doctor',
  summary: 'Say what runs here and why: versions, backends, model, databases.',
  options: {},
  arity: [0, 0],
  async run({ engine }) {
    await engine()
      .encoder()
      .catch(() => undefined);
    const diagnostics = engine().diagnostics();
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
