import assert from 'node:assert/strict';
import { test } from 'node:test';
import { detectLanguage } from '../../../../src/engine/workspace/language.ts';

function check(path: string, id: string, scope: 'code' | 'docs' = 'code', firstLine = ''): void {
  assert.deepEqual(detectLanguage(path, firstLine), { id, scope }, path);
}

test('languages by extension', () => {
  check('src/a.ts', 'typescript');
  check('src/types.d.ts', 'typescript');
  check('a.TSX', 'typescriptreact');
  check('a.mjs', 'javascript');
  check('deep/er/a.py', 'python');
  check('a.h', 'cpp');
  check('a.c', 'c');
  check('main.tf', 'terraform');
  check('a.kts', 'kotlin');
  check('view.html.erb', 'html');
});

test('documents by extension', () => {
  check('README.md', 'markdown', 'docs');
  check('docs/index.rst', 'restructuredtext', 'docs');
  check('a.adoc', 'asciidoc', 'docs');
  check('notes.txt', 'plaintext', 'docs');
  check('a.ipynb', 'jupyter', 'docs');
});

test('languages by file name', () => {
  check('Makefile', 'makefile');
  check('sub/Dockerfile', 'dockerfile');
  check('Dockerfile.dev', 'dockerfile');
  check('CMakeLists.txt', 'cmake');
  check('Rakefile', 'ruby');
  check('go.mod', 'gomod');
  check('.gitignore', 'ignore');
  check('LICENSE', 'plaintext', 'docs');
  check('tsconfig.json', 'jsonc');
  check('package.json', 'json');
});

test('languages by first line', () => {
  check('bin/tool', 'python', 'code', '#!/usr/bin/env python3');
  check('bin/tool', 'shellscript', 'code', '#!/bin/sh');
  check('bin/tool', 'javascript', 'code', '#!/usr/bin/env -S node --no-warnings');
  check('bin/tool', 'ruby', 'code', '#! /usr/local/bin/ruby -w\r');
  check('bin/tool', 'lua', 'code', '#!/usr/bin/env LUA_INIT= lua5.4');
  check('bin/tool', 'plaintext', 'code', '#!/opt/unknown');
});

test('unknown names are plain text and no documents', () => {
  check('unknown', 'plaintext');
  check('.hidden', 'plaintext');
  check('data.xyz', 'plaintext');
  check('', 'plaintext');
  check('constructor', 'plaintext');
  check('a.__proto__', 'plaintext');
});
