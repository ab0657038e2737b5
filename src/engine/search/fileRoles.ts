import type { SearchScope } from '../../shared/search.ts';
import { memo } from '../text/memo.ts';

/** What a file is for; everything but first-hand source sinks in the ranking unless the query asks for it. */
export const fileRoles = [
  'test',
  'example',
  'generated',
  'vendored',
  'declaration',
  'compatibility',
  'prose',
  'data',
] as const;
export type FileRole = (typeof fileRoles)[number];
type PathRole = Exclude<FileRole, 'prose' | 'data'>;

const rolePatterns: Readonly<Record<PathRole, RegExp>> = {
  test: /(?:^|\/)(?:tests?|specs?|__tests__|__mocks__|testing|testdata|fixtures?|mocks?|e2e)(?:\/|$)|(?:^|\/)(?:tests?|conftest)\.\w+$|(?:^|\/)test_[^/]+$|[._-](?:tests?|specs?|mocks?)\.\w+$|[a-z](?:Tests?|Specs?|TestCase)\.\w+$/,
  example:
    /(?:^|\/)_?(?:examples?|samples?|demos?|docs?_src|tutorials?|playground|benchmarks?|bench|benches)(?:\/|$)|(?:^|\/)(?:examples?|demo)\.\w+$|[._-](?:examples?|bench|benchmark)\.\w+$/i,
  generated:
    /(?:^|\/)(?:generated|__generated__|gen)(?:\/|$)|[._](?:g|gen|generated|pb|pb2|pb2_grpc|designer)\.\w+$|\.pb\.\w+$/i,
  vendored: /(?:^|\/)(?:vendor|vendored|_vendor|third_?party|3rdparty|external|extern|node_modules|deps)(?:\/|$)/i,
  declaration: /\.d\.[cm]?ts$|\.pyi$/,
  compatibility: /(?:^|[/_.-])(?:compat|compatibility|_?compat\d*|legacy|deprecat\w*|polyfills?|shims?)(?:[/_.-]|$)/i,
};

const roleWords: Readonly<Record<FileRole, RegExp>> = {
  test: /\b(?:tests?|tested|testing|specs?|mocks?|mocking|fixtures?|assert\w*)\b/i,
  example: /\b(?:examples?|samples?|demos?|tutorials?|bench(?:mark)?s?)\b/i,
  generated: /\bgenerated\b|\bprotobuf\b/i,
  vendored: /\b(?:vendor(?:ed)?|third[- ]party)\b/i,
  declaration: /\b(?:declarations?|typings?|type stubs?|\.d\.ts)\b/i,
  compatibility: /\b(?:compat\w*|legacy|deprecat\w*|polyfills?|shims?|backwards?)\b/i,
  prose: /\b(?:docs?|documentation|readme|changelog|guides?|licen[cs]e|install(?:ation)? instructions?)\b/i,
  data: /\b(?:configs?|configuration file|settings file|manifest|lock ?file|ya?ml|toml|css|stylesheets?|package\.json)\b/i,
};

const dataLanguages: ReadonlySet<string> = new Set(
  'json jsonc jsonl json5 yaml toml xml csv tsv ini properties dotenv css scss less html plaintext ignore'.split(' '),
);

export interface RoledFile {
  /** Relative to its root, with forward slashes. */
  readonly path: string;
  readonly language: string;
  readonly scope: SearchScope;
}

/** Paths whose roles are remembered. */
const rememberedPaths = 20_000;

const rolesOfPath = memo(rememberedPaths, (path): readonly FileRole[] =>
  fileRoles.filter((role) => role !== 'prose' && role !== 'data' && rolePatterns[role].test(path)),
);

export function rolesOf({ path, language, scope }: RoledFile): readonly FileRole[] {
  const roles = rolesOfPath(path);
  if (scope === 'docs') return [...roles, 'prose'];
  return dataLanguages.has(language) ? [...roles, 'data'] : roles;
}

/** Roles that the words of a query ask for. */
export function rolesAskedFor(query: string): Set<FileRole> {
  return new Set(fileRoles.filter((role) => roleWords[role].test(query)));
}
