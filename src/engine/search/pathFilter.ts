import picomatch from 'picomatch';
import { SextantError } from '../../shared/errors.ts';

/** A plain folder or file name means itself and everything below. */
function expand(glob: string): string[] {
  const clean = glob.replace(/^\.?\/+/, '').replace(/\/+$/, '');
  if (clean === '' || clean === '.') return ['**'];
  const last = clean.split('/').at(-1)!;
  return last === '**' ? [clean] : [clean, `${clean}/**`];
}

function compile(globs: readonly string[]): (path: string) => boolean {
  try {
    return picomatch(globs.flatMap(expand), { dot: true, nonegate: true });
  } catch (error) {
    throw new SextantError('invalid_argument', `The path filter “${globs.join(', ')}” is no valid glob.`, {
      cause: error,
    });
  }
}

/**
 * Whether a path passes the globs of a request: any of the plain ones (all, when there are none) and none of those that
 * start with `!`. A glob without a slash that has a wildcard matches at any depth, as `*.ts` does in an editor.
 */
export function pathFilter(globs: readonly string[]): (path: string) => boolean {
  const given = globs.map((glob) => glob.trim()).filter((glob) => glob !== '' && glob !== '!');
  const anyDepth = (glob: string) => (!glob.includes('/') && /[*?[{]/.test(glob) ? `**/${glob}` : glob);
  const excluded = given.filter((glob) => glob.startsWith('!')).map((glob) => anyDepth(glob.slice(1)));
  const included = given.filter((glob) => !glob.startsWith('!')).map(anyDepth);
  const isExcluded = excluded.length === 0 ? () => false : compile(excluded);
  const isIncluded = included.length === 0 ? () => true : compile(included);
  return (path) => isIncluded(path) && !isExcluded(path);
}
