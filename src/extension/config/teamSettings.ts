import type { SettingKey, SettingValue } from '../../shared/settings.ts';
import { defaultView, type TeamSettings } from '../../shared/team.ts';

/** The shared index that the user named; undefined where this machine's own is all there is. */
export function readTeamSettings(
  read: <K extends SettingKey>(key: K) => SettingValue<K>,
  passwordOf: (url: string) => string | undefined,
): TeamSettings | undefined {
  const url = read('sextant.team.url').trim();
  if (url === '') return undefined;
  const password = passwordOf(url);
  const view = read('sextant.team.view').trim() || defaultView;
  return { url, repository: '', view, ...(password === undefined ? {} : { password }) };
}
