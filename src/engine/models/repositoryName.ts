import { SextantError } from '../../shared/errors.ts';

export interface RepositoryReference {
  readonly repository: string;
  /** Branch, tag or commit. */
  readonly revision?: string;
}

const segment = /^[A-Za-z0-9][\w.-]{0,95}$/;
const revisionPattern = /^[\w][\w./-]{0,199}$/;

/**
 * Reads `organisation/name`, `organisation/name@revision` or the address of a model's page.
 * @throws SextantError `invalid_argument` for anything else: names become paths and addresses, so they are checked here.
 */
export function parseRepository(text: string): RepositoryReference {
  const [name = '', revision, ...more] = withoutAddress(text.trim()).split('@');
  const parts = name.split('/');
  const plain = parts.length <= 2 && parts.every((part) => segment.test(part) && !part.includes('..'));
  const safe = revision === undefined || (revisionPattern.test(revision) && !revision.includes('..'));
  if (!plain || !safe || more.length > 0) {
    throw new SextantError('invalid_argument', `“${text}” does not name a model of the hub.`, {
      hint: 'Give organisation/name, such as Alibaba-NLP/gte-modernbert-base, with @revision if you want a certain one.',
    });
  }
  return { repository: name, ...(revision === undefined ? {} : { revision }) };
}

/** `https://host/org/name/tree/main` is what people copy from the browser. */
function withoutAddress(text: string): string {
  const address = /^https?:\/\/[^/]+\/(.+?)\/?$/.exec(text)?.[1];
  if (address === undefined) return text;
  const [organisation = '', name = '', kind, revision] = address.split('/');
  const repository = `${organisation}/${name}`;
  return kind === 'tree' && revision !== undefined ? `${repository}@${revision}` : repository;
}

/** Folder name of a revision: unique, flat and the same on every file system. */
export function folderName(repository: string, commit: string): string {
  return `${repository.replaceAll('/', '--')}@${commit.slice(0, 8)}`;
}
