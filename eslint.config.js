import js from '@eslint/js';
import tseslint from 'typescript-eslint';

/** Forbids imports from folders and packages that a layer may not know (the contract of the folders). */
function layer(files, { folders = [], packages = [], ignores = [] }) {
  return {
    files,
    ignores,
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            ...folders.map((folder) => ({
              regex: `^(\\.\\./)+${folder.replaceAll('.', '\\.')}/`,
              message: `${files[0]} may not import from src/${folder}.`,
            })),
            ...packages.map((name) => ({ regex: `^${name}(/|$)`, message: `${files[0]} may not import ${name}.` })),
          ],
        },
      ],
    },
  };
}

const sqlite = ['better-sqlite3', 'sqlite-vec'];
const runtime = ['onnxruntime-node'];
const host = ['vscode'];

export default tseslint.config(
  { ignores: ['dist', 'node_modules', '.tools', '.vscode-test', 'test/fixtures', 'media', 'test-results', '**/*.mjs'] },
  js.configs.recommended,
  tseslint.configs.strictTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-non-null-assertion': 'off',
      'no-console': 'error',
      eqeqeq: 'error',
    },
  },
  layer(['src/shared/**'], {
    folders: ['extension', 'engine', 'cli', 'webview'],
    packages: [...host, ...sqlite, ...runtime, 'node:.*', 'vscode-jsonrpc'],
  }),
  layer(['src/extension/*.ts'], { folders: ['engine', 'cli', 'webview'], packages: [...sqlite, ...runtime] }),
  // One level down, `../engine/` is src/extension/engine; src/engine is one step further up.
  layer(['src/extension/*/**'], { folders: ['../engine', 'cli', 'webview'], packages: [...sqlite, ...runtime] }),
  layer(['src/webview/**'], {
    folders: ['extension', 'engine', 'cli'],
    packages: [...host, ...sqlite, ...runtime, 'node:.*'],
  }),
  layer(['src/cli/**'], { folders: ['extension', 'webview'], packages: [...host, ...sqlite, ...runtime] }),
  layer(['src/engine/**'], {
    folders: ['extension', 'cli', 'webview'],
    packages: [...host, ...sqlite, ...runtime],
    ignores: ['src/engine/store/**', 'src/engine/runtime/**'],
  }),
  layer(['src/engine/store/**'], { folders: ['extension', 'cli', 'webview'], packages: [...host, ...runtime] }),
  layer(['src/engine/runtime/**'], { folders: ['extension', 'cli', 'webview'], packages: [...host, ...sqlite] }),
  {
    files: ['src/cli/**', 'scripts/**', 'test/**'],
    rules: { 'no-console': 'off' },
  },
  {
    // node:test's own functions return promises that the runner awaits.
    files: ['test/**'],
    rules: {
      '@typescript-eslint/no-floating-promises': [
        'error',
        {
          allowForKnownSafeCalls: [
            {
              from: 'package',
              name: ['test', 'it', 'describe', 'suite', 'before', 'after', 'beforeEach', 'afterEach'],
              package: 'node:test',
            },
          ],
        },
      ],
    },
  },
  { files: ['**/*.js'], extends: [tseslint.configs.disableTypeChecked] },
);
