import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import * as prettier from 'prettier';
import { commands, type CommandDefinition, type CommandId } from '../src/shared/commands.ts';
import { settings, type SettingDefinition, type SettingKey } from '../src/shared/settings.ts';
import { mcpProviderId, toolInputSchema, toolNames, tools } from '../src/shared/tools.ts';

const root = path.join(import.meta.dirname, '..');
const category = 'Sextant';

type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };
type JsonObject = Readonly<Record<string, Json>>;

const commandEntries = Object.entries(commands) as [CommandId, CommandDefinition][];
const settingEntries = Object.entries(settings) as [SettingKey, SettingDefinition<unknown>][];

function commandContributions(): Json[] {
  return commandEntries.map(([command, { title, icon }]) => ({
    command,
    title,
    category,
    ...(icon === undefined ? {} : { icon }),
  }));
}

function menuContributions(): JsonObject {
  const menus: Record<string, JsonObject[]> = {};
  const add = (menu: string, item: JsonObject): void => void (menus[menu] ??= []).push(item);
  for (const [command, definition] of commandEntries) {
    if (definition.when !== undefined) add('commandPalette', { command, when: definition.when });
    for (const { menu, when, group } of definition.menus ?? []) {
      add(menu, {
        command,
        ...(when === undefined ? {} : { when }),
        ...(group === undefined ? {} : { group }),
      });
    }
  }
  return menus;
}

/** JSON schema of one setting, with the keys that VS Code adds to it. */
function settingSchema(definition: SettingDefinition<unknown>, order: number): JsonObject {
  const { default: value, scope, description, minimum, maximum, itemType } = definition;
  const type = Array.isArray(value) ? 'array' : Number.isInteger(value) ? 'integer' : typeof value;
  return {
    type,
    ...(itemType === undefined ? {} : { items: { type: itemType } }),
    default: value as Json,
    ...(definition.enum === undefined ? {} : { enum: definition.enum as Json }),
    ...(definition.enumDescriptions === undefined ? {} : { enumDescriptions: definition.enumDescriptions }),
    ...(minimum === undefined ? {} : { minimum }),
    ...(maximum === undefined ? {} : { maximum }),
    scope,
    order,
    markdownDescription: description,
  };
}

/** One page of the settings editor for each `sextant.<group>.`, in the order of their first setting. */
function configurationContributions(): Json[] {
  const groups = new Map<string, Record<string, Json>>();
  for (const [index, [key, definition]] of settingEntries.entries()) {
    const group = key.split('.')[1]!;
    const properties = groups.get(group) ?? {};
    properties[key] = settingSchema(definition, index);
    groups.set(group, properties);
  }
  return [...groups].map(([group, properties]) => ({
    title: group.charAt(0).toUpperCase() + group.slice(1),
    properties,
  }));
}

interface WalkthroughStep {
  readonly id: string;
  readonly title: string;
  readonly description: string;
  readonly altText: string;
  readonly completedBy: CommandId;
}

const walkthroughSteps: readonly WalkthroughStep[] = [
  {
    id: 'ask',
    title: 'Ask in plain words',
    description:
      'Describe what the code does, or type a name. Results are grouped by file; the arrow keys preview, Enter opens.\n[Open Search](command:sextant.search)',
    altText: 'The search panel with a question and two results grouped by file.',
    completedBy: 'sextant.search',
  },
  {
    id: 'quickSearch',
    title: 'Stay on the keyboard',
    description:
      'Quick Search answers while you type and previews each result. Escape brings you back to where you were.\n[Try Quick Search](command:sextant.quickSearch)',
    altText: 'A quick pick with results under the question.',
    completedBy: 'sextant.quickSearch',
  },
  {
    id: 'findSimilar',
    title: 'Find more of the same',
    description:
      'Right-click in an editor and choose **Find Similar Code**, for the code at the cursor or the selection.\n[Find Similar Code](command:sextant.findSimilar)',
    altText: 'One piece of code with lines to three pieces that are like it.',
    completedBy: 'sextant.findSimilar',
  },
  {
    id: 'private',
    title: 'It stays on your machine',
    description:
      'The index and the model are local. The status bar shows how much is indexed and what runs the model.\n[Show Index Status](command:sextant.showStatus)',
    altText: 'A machine with the index inside and no connection to the outside.',
    completedBy: 'sextant.showStatus',
  },
];

function walkthroughContributions(): Json[] {
  return [
    {
      id: 'start',
      title: 'Find code by meaning',
      description: 'Ask your workspace a question and open the answer.',
      steps: walkthroughSteps.map(({ id, title, description, altText, completedBy }) => ({
        id,
        title,
        description,
        media: { svg: `media/walkthrough/${id}.svg`, altText },
        completionEvents: [`onCommand:${completedBy}`],
      })),
    },
  ];
}

/** Tools for VS Code's language models; in a workspace that is not trusted they are not offered. */
function toolContributions(): Json[] {
  const offered = toolNames.filter((name) => (tools[name].hosts as readonly string[]).includes('languageModel'));
  return offered.map((name) => {
    const { title, referenceName, icon, description, modelDescription } = tools[name];
    return {
      name,
      displayName: title,
      toolReferenceName: referenceName,
      canBeReferencedInPrompt: true,
      icon,
      userDescription: description,
      modelDescription,
      tags: ['sextant', 'code search'],
      when: 'isWorkspaceTrusted',
      inputSchema: toolInputSchema(name) as JsonObject,
    };
  });
}

/** The parts of the manifest that follow from `src/shared`. */
export function generatedManifest(): JsonObject {
  const restricted = settingEntries.filter(([, { restricted: is }]) => is).map(([key]) => key);
  return {
    // Opening the view or running a command activates by itself; indexing a workspace when it opens needs this.
    activationEvents: ['onStartupFinished'],
    capabilities: {
      untrustedWorkspaces: {
        supported: 'limited',
        description: 'The workspace is indexed and searched. Its own settings for model and backend are ignored.',
        restrictedConfigurations: restricted,
      },
      virtualWorkspaces: {
        supported: false,
        description: 'Sextant indexes files on a disk that the extension host can read.',
      },
    },
    contributes: {
      commands: commandContributions(),
      menus: menuContributions(),
      viewsContainers: { activitybar: [{ id: 'sextant', title: 'Sextant', icon: 'media/activityBar.svg' }] },
      views: {
        sextant: [
          {
            type: 'webview',
            id: 'sextant.search',
            name: 'Search',
            icon: 'media/activityBar.svg',
            contextualTitle: 'Sextant',
            // As `flex-grow`: a view that is opened beside the search gets the larger share.
            initialSize: 3,
          },
          {
            type: 'webview',
            id: 'sextant.mood',
            name: 'Mood',
            icon: 'media/activityBar.svg',
            contextualTitle: 'Sextant',
            initialSize: 5,
            // Opened by its command. A collapsed one would open as a strip: VS Code gives sizes to views that come in only.
            visibility: 'hidden',
          },
          {
            type: 'webview',
            id: 'sextant.finetune',
            name: 'Fine-Tune',
            icon: 'media/activityBar.svg',
            contextualTitle: 'Sextant',
            initialSize: 5,
            visibility: 'hidden',
          },
        ],
      },
      configuration: configurationContributions(),
      languageModelTools: toolContributions(),
      mcpServerDefinitionProviders: [{ id: mcpProviderId, label: 'Sextant' }],
      walkthroughs: walkthroughContributions(),
    },
  };
}

/** The manifest with its generated parts replaced, put before `scripts`. */
export function withGenerated(manifest: JsonObject): JsonObject {
  const generated = generatedManifest();
  const kept = Object.entries(manifest).filter(([key]) => !(key in generated));
  const at = kept.findIndex(([key]) => key === 'scripts');
  return Object.fromEntries([...kept.slice(0, at), ...Object.entries(generated), ...kept.slice(at)]);
}

function commandTable(): string {
  const rows = commandEntries.map(([id, { title, summary }]) => `| ${title} | ${summary} | \`${id}\` |`);
  return ['| command | what it does | id |', '| --- | --- | --- |', ...rows].join('\n');
}

function settingTable(): string {
  const rows = settingEntries.map(([key, { default: value, description }]) => {
    const text = description.replaceAll('|', '\\|').replaceAll(/`#(.+?)#`/g, '`$1`');
    return `| \`${key}\` | \`${JSON.stringify(value)}\` | ${text} |`;
  });
  return ['| setting | default | what it does |', '| --- | --- | --- |', ...rows].join('\n');
}

/** Replaces what stands between `<!-- NAME -->` and `<!-- /NAME -->`; the rest of the text is left alone. */
export async function withTables(readme: string): Promise<string> {
  let text = readme;
  for (const [name, table] of Object.entries({ commands: commandTable(), settings: settingTable() })) {
    const formatted = (await prettier.format(table, { parser: 'markdown' })).trim();
    const between = new RegExp(`(<!-- ${name} -->)[\\s\\S]*?(<!-- /${name} -->)`);
    text = text.replace(between, (_all, begin: string, end: string) => `${begin}\n\n${formatted}\n\n${end}`);
  }
  return text;
}

interface Output {
  readonly file: string;
  readonly before: string;
  readonly after: string;
}

function withGeneratedText(text: string): string {
  return `${JSON.stringify(withGenerated(JSON.parse(text) as JsonObject), undefined, 2)}\n`;
}

async function outputs(): Promise<Output[]> {
  const manifest = await readFile(path.join(root, 'package.json'), 'utf8');
  const readme = await readFile(path.join(root, 'README.md'), 'utf8');
  return [
    { file: 'package.json', before: manifest, after: withGeneratedText(manifest) },
    { file: 'README.md', before: readme, after: await withTables(readme) },
  ];
}

/** The lines that differ, from the first to the last difference, `-` as it is and `+` as it should be. */
function difference({ before, after }: Output): string {
  const [old, fresh] = [before.split('\n'), after.split('\n')];
  let start = 0;
  while (start < old.length && old[start] === fresh[start]) start += 1;
  let tail = 0;
  while (tail < Math.min(old.length, fresh.length) - start && old.at(-1 - tail) === fresh.at(-1 - tail)) tail += 1;
  const lines = [
    ...old.slice(start, old.length - tail).map((line) => `- ${line}`),
    ...fresh.slice(start, fresh.length - tail).map((line) => `+ ${line}`),
  ];
  return `@@ line ${start + 1}\n${lines.join('\n')}`;
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } });
  const changed = (await outputs()).filter(({ before, after }) => before !== after);
  for (const output of changed) {
    if (values.check)
      console.error(`${output.file} is out of step; run: node scripts/manifest.ts\n${difference(output)}`);
    else await writeFile(path.join(root, output.file), output.after);
  }
  if (values.check && changed.length > 0) process.exitCode = 1;
}

if (import.meta.main) await main();
