import assert from 'node:assert/strict';
import { access, readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, test } from 'node:test';
import { generatedManifest, withGenerated, withTables } from '../../../scripts/manifest.ts';
import { commands, type CommandDefinition } from '../../../src/shared/commands.ts';
import { settings, type SettingDefinition } from '../../../src/shared/settings.ts';
import { mcpProviderId } from '../../../src/shared/tools.ts';

const root = path.join(import.meta.dirname, '..', '..', '..');
const manifest = JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8')) as Record<string, never>;

interface Contributes {
  readonly commands: readonly { readonly command: string; readonly category: string; readonly title: string }[];
  readonly configuration: readonly { readonly properties: Readonly<Record<string, { readonly default: unknown }>> }[];
  readonly views: Readonly<Record<string, readonly { readonly id: string; readonly icon: string }[]>>;
  readonly viewsContainers: { readonly activitybar: readonly { readonly id: string; readonly icon: string }[] };
  readonly walkthroughs: readonly {
    readonly steps: readonly { readonly media: { readonly svg: string }; readonly description: string }[];
  }[];
  readonly keybindings?: unknown;
}
const contributes = generatedManifest()['contributes'] as unknown as Contributes;

test('package.json is in step with src/shared', () => {
  assert.deepEqual(manifest, withGenerated(manifest));
});

test('generating twice changes nothing', () => {
  const once = withGenerated(manifest);
  assert.equal(JSON.stringify(withGenerated(once)), JSON.stringify(once));
});

describe('commands', () => {
  test('each is contributed once, under our category, with a plain title', () => {
    assert.deepEqual(
      contributes.commands.map(({ command }) => command),
      Object.keys(commands),
    );
    for (const { category, title } of contributes.commands) {
      assert.equal(category, 'Sextant');
      assert.match(title, /^[A-Z][A-Za-z -]+$/);
    }
  });

  test('no shortcut is taken', () => {
    assert.equal(contributes.keybindings, undefined);
  });

  test('conditions name only context keys that exist', () => {
    const own = ['sextant.indexing', 'sextant.paused', 'sextant.search', 'sextant.mood'];
    const known = [
      ...Object.keys(settings).map((key) => `config.${key}`),
      'editorHasSelection',
      'editorIsOpen',
      'workspaceFolderCount',
      'resourceScheme',
      'file',
      'view',
      ...own,
    ];
    const conditions = Object.values(commands).flatMap((definition: CommandDefinition) => [
      definition.when ?? '',
      ...(definition.menus ?? []).map(({ when }) => when ?? ''),
    ]);
    for (const key of conditions.join(' ').match(/[A-Za-z][\w.]*/g) ?? []) assert.ok(known.includes(key), key);
  });
});

describe('settings', () => {
  const entries: [string, SettingDefinition<unknown>][] = Object.entries(settings);

  test('each is contributed once with its default', () => {
    const properties = Object.assign({}, ...contributes.configuration.map((page) => page.properties)) as Record<
      string,
      { readonly default: unknown }
    >;
    const expected = Object.fromEntries(entries.map(([key, definition]) => [key, definition.default]));
    const actual = Object.fromEntries(Object.entries(properties).map(([key, schema]) => [key, schema.default]));
    assert.deepEqual(actual, expected);
  });

  test('names follow sextant.group.camelCase; defaults are allowed values', () => {
    for (const [key, definition] of entries) {
      assert.match(key, /^sextant\.[a-z]+\.[a-z][A-Za-z]*$/);
      const { default: value, minimum, maximum } = definition;
      if (definition.enum) assert.ok(definition.enum.includes(value), key);
      if (definition.enum) assert.equal(definition.enumDescriptions?.length, definition.enum.length, key);
      if (typeof value === 'number') assert.ok(value >= (minimum ?? value) && value <= (maximum ?? value), key);
    }
  });

  test('what names paths or devices is kept from untrusted workspaces and per machine', () => {
    const capabilities = generatedManifest()['capabilities'] as {
      untrustedWorkspaces: { restrictedConfigurations: string[] };
    };
    const restricted = capabilities.untrustedWorkspaces.restrictedConfigurations;
    const groups = ['sextant.model.', 'sextant.runtime.', 'sextant.remote.', 'sextant.team.'];
    assert.deepEqual(
      restricted,
      entries.map(([key]) => key).filter((key) => groups.some((group) => key.startsWith(group))),
    );
    for (const [key, { scope }] of entries) assert.equal(scope === 'machine', restricted.includes(key), key);
  });
});

test('every picture that the manifest names exists', async () => {
  const icons = [
    ...contributes.viewsContainers.activitybar.map(({ icon }) => icon),
    ...Object.values(contributes.views).flatMap((views) => views.map(({ icon }) => icon)),
    ...contributes.walkthroughs.flatMap(({ steps }) => steps.map(({ media }) => media.svg)),
    String(manifest['icon']),
  ];
  for (const icon of icons) await access(path.join(root, icon));
});

test('walkthrough pictures take their colours from the theme', async () => {
  for (const { media } of contributes.walkthroughs.flatMap(({ steps }) => steps)) {
    const svg = await readFile(path.join(root, media.svg), 'utf8');
    const colours = [...svg.matchAll(/(?:fill|stroke)="([^"]+)"/g)].map(([, colour]) => colour!);
    assert.ok(colours.length > 0);
    for (const colour of colours) assert.match(colour, /^(none|var\(--vscode-)/, media.svg);
  }
});

test('commands linked from the walkthrough exist', () => {
  const links = contributes.walkthroughs.flatMap(({ steps }) =>
    steps.flatMap(({ description }) => [...description.matchAll(/command:([\w.]+)/g)].map(([, id]) => id!)),
  );
  assert.ok(links.length > 0);
  for (const id of links) assert.ok(id in commands, id);
});

test('the README’s tables are filled in, and nothing else is touched', async () => {
  const text = 'Hello *you*\n<!-- commands -->\nStale row.\n<!-- /commands -->\nbye\n';
  const filled = await withTables(text);
  assert.ok(filled.startsWith('Hello *you*\n<!-- commands -->\n\n| command'));
  assert.ok(filled.endsWith('\n\n<!-- /commands -->\nbye\n'));
  assert.ok(!filled.includes('Stale row.'));
  for (const id of Object.keys(commands)) assert.ok(filled.includes(`\`${id}\``), id);
  assert.equal(await withTables(filled), filled);
});

describe('tools for agents', () => {
  const declared = generatedManifest()['contributes'] as unknown as {
    readonly languageModelTools: readonly {
      readonly name: string;
      readonly toolReferenceName: string;
      readonly when: string;
      readonly modelDescription: string;
      readonly inputSchema: { readonly type: string; readonly additionalProperties: boolean };
    }[];
    readonly mcpServerDefinitionProviders: readonly { readonly id: string }[];
  };

  test('are declared as VS Code wants them, and only for trusted workspaces', () => {
    const names = declared.languageModelTools.map(({ name }) => name);
    assert.deepEqual(names, ['sextant_search', 'sextant_similar', 'sextant_commits']);
    for (const { name, toolReferenceName, when, modelDescription, inputSchema } of declared.languageModelTools) {
      assert.match(name, /^[a-z0-9_-]+$/);
      assert.match(toolReferenceName, /^[\w-]+$/);
      assert.equal(when, 'isWorkspaceTrusted');
      assert.ok(modelDescription.length > 100, name);
      assert.deepEqual([inputSchema.type, inputSchema.additionalProperties], ['object', false]);
    }
    const references = declared.languageModelTools.map(({ toolReferenceName }) => toolReferenceName);
    assert.equal(new Set(references).size, references.length);
  });

  test('come with the MCP server that the extension registers', () => {
    assert.deepEqual(
      declared.mcpServerDefinitionProviders.map(({ id }) => id),
      [mcpProviderId],
    );
  });
});
