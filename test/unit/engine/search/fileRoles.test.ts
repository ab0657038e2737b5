import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rolesOf, type FileRole } from '../../../../src/engine/search/fileRoles.ts';

const cases: readonly [path: string, roles: readonly FileRole[]][] = [
  ['src/parser.ts', []],
  ['src/latest.ts', []],
  ['src/contest/attest.py', []],
  ['src/inspect.ts', []],
  ['src/generic/agenda.ts', []],
  ['test/parser.ts', ['test']],
  ['src/parser.test.ts', ['test']],
  ['pkg/parser_test.go', ['test']],
  ['tests/test_parser.py', ['test']],
  ['spec/rack/builder_spec.rb', ['test']],
  ['src/main/ParserTest.java', ['test']],
  ['conftest.py', ['test']],
  ['examples/hello/main.rs', ['example']],
  ['benches/parse.rs', ['example']],
  ['api/v2/user.pb.go', ['generated']],
  ['proto/user_pb2.py', ['generated']],
  ['third_party/zlib/inflate.c', ['vendored']],
  ['types/button.d.ts', ['declaration']],
  ['_examples/rest/routes.json', ['example', 'data']],
  ['README.md', ['prose']],
  ['src/_private.ts', []],
  ['src/compat.py', ['compatibility']],
  ['pydantic/deprecated/json.py', ['compatibility']],
];

for (const [path, roles] of cases) {
  test(`roles of ${path}`, () =>
    assert.deepEqual(
      rolesOf({ path, language: path.endsWith('.json') ? 'json' : 'x', scope: path.endsWith('.md') ? 'docs' : 'code' }),
      roles,
    ));
}
