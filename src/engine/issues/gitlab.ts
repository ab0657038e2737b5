import * as z from 'zod/mini';
import type { Forge } from '../../shared/mood.ts';
import type { NewHistoryItem } from '../store/history/historyTypes.ts';
import { cutText, seconds } from './issueText.ts';
import type { ForgeStream } from './syncIssues.ts';

export function gitlabApi(host: string): string {
  return `${host}/api/v4`;
}

export function gitlabHeaders(token: string | undefined): Record<string, string> {
  return { accept: 'application/json', ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) };
}

const author = z.nullish(z.object({ username: z.string() }));

const threadSchema = z.object({
  iid: z.int(),
  title: z.string(),
  description: z.nullish(z.string()),
  author,
  created_at: z.string(),
  updated_at: z.string(),
  web_url: z.string(),
  labels: z.array(z.string()),
});

const noteSchema = z.object({
  id: z.int(),
  body: z.nullish(z.string()),
  author,
  created_at: z.string(),
  updated_at: z.string(),
  /** "changed the description" and the like. */
  system: z.boolean(),
});

/** Numbers of issues and merge requests are counted apart; the mark is the one GitLab itself writes before them. */
const marks = { issue: '', pullRequest: '!' } as const;

function threadItem(kind: 'issue' | 'pullRequest', value: unknown): { item: NewHistoryItem; updated: string } {
  const thread = threadSchema.parse(value);
  const item: NewHistoryItem = {
    kind,
    key: `${marks[kind]}${thread.iid}`,
    authorName: thread.author?.username ?? 'ghost',
    authorEmail: '',
    at: seconds(thread.created_at),
    merge: false,
    title: cutText(thread.title),
    body: cutText(thread.description ?? ''),
    url: thread.web_url,
    labels: thread.labels,
    files: [],
  };
  return { item, updated: thread.updated_at };
}

function noteItem(thread: NewHistoryItem, value: unknown): { item: NewHistoryItem; updated: string } | undefined {
  const note = noteSchema.parse(value);
  if (note.system) return undefined;
  const item: NewHistoryItem = {
    kind: 'comment',
    key: `${thread.key}#${note.id}`,
    authorName: note.author?.username ?? 'ghost',
    authorEmail: '',
    at: seconds(note.created_at),
    merge: false,
    title: '',
    body: cutText(note.body ?? ''),
    ...(thread.url === undefined ? {} : { url: `${thread.url}#note_${note.id}` }),
    files: [],
  };
  return { item, updated: note.updated_at };
}

/** What is read of a project: issues and merge requests, each with its comments. */
export function gitlabStreams({ project }: Pick<Forge, 'project'>): ForgeStream[] {
  const base = `/projects/${encodeURIComponent(project)}`;
  const stream = (name: string, kind: 'issue' | 'pullRequest'): ForgeStream => ({
    name,
    pageSize: 100,
    path: (since) =>
      `${base}/${name}?scope=all&state=all&order_by=updated_at&sort=asc&per_page=100` +
      (since === undefined ? '' : `&updated_after=${since}`),
    parse: (value) => threadItem(kind, value),
    children: {
      path: ({ key }) => `${base}/${name}/${key.replace('!', '')}/notes?sort=asc&order_by=created_at&per_page=100`,
      parse: noteItem,
    },
  });
  return [stream('issues', 'issue'), stream('merge_requests', 'pullRequest')];
}
