import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commentText, docstringText, isDocumentation } from '../../../../src/engine/chunk/commentText.ts';

for (const [comment, expected] of [
  ['// One line', 'One line'],
  ['/// Rust or C#', 'Rust or C#'],
  ['/** One line. */', 'One line.'],
  ['/**\n * First.\n *\n *   indented\n * @param a what\n */', 'First.\n\n  indented\n@param a what'],
  ['# Shell\n# and Python', 'Shell\nand Python'],
  ['-- | Haddock', 'Haddock'],
  ['{- | Block\n   more -}', 'Block\nmore'],
  ['--- Lua\n-- @return x', 'Lua\n@return x'],
  [';; Lisp', 'Lisp'],
  ['% Erlang', 'Erlang'],
  ['(** OCaml *)', 'OCaml'],
  ['<!-- Markup -->', 'Markup'],
  ['//====\n// Title\n//====', 'Title'],
  ['/* a * b */', 'a * b'],
] as const) {
  test(`marks are taken off ${JSON.stringify(comment)}`, () => assert.equal(commentText(comment), expected));
}

for (const [literal, expected] of [
  ['"""One."""', 'One.'],
  ['r"""\n    First.\n\n        code\n    last\n    """', 'First.\n\n    code\nlast'],
  ["'single'", 'single'],
  ['~S"""\nElixir\n"""', 'Elixir'],
] as const) {
  test(`quotes are taken off ${JSON.stringify(literal)}`, () => assert.equal(docstringText(literal), expected));
}

test('licences and orders to tools are no documentation', () => {
  for (const text of [
    'Copyright 2020 A',
    'SPDX-License-Identifier: MIT',
    'eslint-disable no-console',
    'noqa: E501',
    '',
  ]) {
    assert.equal(isDocumentation(text), false, text);
  }
  assert.equal(isDocumentation('Signs a session.'), true);
});
