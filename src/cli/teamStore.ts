import type { ParseArgsOptionsConfig } from 'node:util';
import { defaultView, type TeamSettings } from '../shared/team.ts';
import { stringOption, UsageError, type OptionValues } from './command.ts';

/** The index of a team on PostgreSQL; the password is in the address, in PGPASSWORD or in ~/.pgpass. */
export const storeOptions = {
  store: { type: 'string' },
  repository: { type: 'string' },
  view: { type: 'string' },
} as const satisfies ParseArgsOptionsConfig;

/** What `--store` names; undefined without it. @throws UsageError for an option that needs it. */
export function teamSettings(options: OptionValues): TeamSettings | undefined {
  const url = stringOption(options, 'store');
  const repository = stringOption(options, 'repository');
  const view = stringOption(options, 'view');
  if (url !== undefined) return { url, repository: repository ?? '', view: view ?? defaultView };
  if (repository !== undefined || view !== undefined) throw new UsageError('--repository and --view need --store URL.');
  return undefined;
}
