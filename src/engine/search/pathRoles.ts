/** What a file is for, read from its path; everything but the first-hand source sinks unless the query asks for it. */
export const pathRoles = ['test', 'example', 'generated', 'vendored', 'declaration', 'compatibility'] as const;
export type PathRole = (typeof pathRoles)[number];

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

const roleWords: Readonly<Record<PathRole, RegExp>> = {
  test: /\b(?:tests?|tested|testing|specs?|mocks?|mocking|fixtures?|assert\w*)\b/i,
  example: /\b(?:examples?|samples?|demos?|tutorials?|bench(?:mark)?s?)\b/i,
  generated: /\bgenerated\b|\bprotobuf\b/i,
  vendored: /\b(?:vendor(?:ed)?|third[- ]party)\b/i,
  declaration: /\b(?:declarations?|typings?|type stubs?|\.d\.ts)\b/i,
  compatibility: /\b(?:compat\w*|legacy|deprecated|polyfills?|shims?|backwards?)\b/i,
};

/** Roles of the file at `path`, relative to its root with forward slashes. */
export function rolesOfPath(path: string): PathRole[] {
  return pathRoles.filter((role) => rolePatterns[role].test(path));
}

export function rolesAskedFor(query: string): Set<PathRole> {
  return new Set(pathRoles.filter((role) => roleWords[role].test(query)));
}
