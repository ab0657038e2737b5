import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import * as z from 'zod/mini';
import { SextantError } from '../../shared/errors.ts';
import type { IssueSync } from '../../shared/mood.ts';
import type { HistoryStore } from '../history/historyStore.ts';
import type { NewHistoryItem } from '../store/history/historyTypes.ts';
import { parseCsv } from '../text/csv.ts';
import { cutText, seconds } from './issueText.ts';

const mostBytes = 512 * 1024 * 1024;

const person = z.nullish(
  z.union([
    z.string(),
    z.object({
      login: z.optional(z.string()),
      username: z.optional(z.string()),
      name: z.optional(z.nullable(z.string())),
    }),
  ]),
);
const identity = z.optional(z.union([z.string(), z.number()]));
const text = z.nullish(z.string());

/** What exports call the fields of an issue: `gh issue list --json`, the APIs of GitHub and GitLab, or columns made by hand. */
const recordFields = {
  number: identity,
  iid: identity,
  key: identity,
  id: identity,
  title: text,
  subject: text,
  body: text,
  description: text,
  text,
  author: person,
  user: person,
  createdAt: text,
  created_at: text,
  date: text,
  url: text,
  html_url: text,
  web_url: text,
  kind: text,
  type: text,
  labels: z.nullish(z.union([z.string(), z.array(z.union([z.string(), z.object({ name: z.string() })]))])),
  pull_request: z.optional(z.unknown()),
};
const commentSchema = z.object(recordFields);
const recordSchema = z.object({ ...recordFields, comments: z.optional(z.unknown()) });
type IssueRecord = z.infer<typeof commentSchema>;

function nameOf(value: z.infer<typeof person>): string {
  if (typeof value === 'string') return value;
  return value?.login ?? value?.username ?? value?.name ?? '';
}

function labelsOf({ labels }: IssueRecord): string[] {
  if (typeof labels === 'string')
    return labels
      .split(/[,;]/)
      .map((label) => label.trim())
      .filter(Boolean);
  return (labels ?? []).map((label) => (typeof label === 'string' ? label : label.name));
}

function kindOf({ kind, type, pull_request }: IssueRecord): NewHistoryItem['kind'] {
  const said = `${kind ?? ''} ${type ?? ''}`.toLowerCase();
  if (pull_request !== undefined || /pull|merge|\bpr\b/.test(said)) return 'pullRequest';
  return said.includes('comment') ? 'comment' : 'issue';
}

function toItem(record: IssueRecord, key: string, kind: NewHistoryItem['kind']): NewHistoryItem {
  const url = record.url ?? record.html_url ?? record.web_url;
  return {
    kind,
    key,
    authorName: nameOf(record.author ?? record.user),
    authorEmail: '',
    at: seconds(record.createdAt ?? record.created_at ?? record.date ?? ''),
    merge: false,
    title: cutText(record.title ?? record.subject ?? ''),
    body: cutText(record.body ?? record.description ?? record.text ?? ''),
    ...(url === undefined || url === null ? {} : { url }),
    labels: labelsOf(record),
    files: [],
  };
}

/** An issue with the comments that hang on it. `position` counts from 1. */
function itemsOf(value: unknown, position: number): NewHistoryItem[] {
  const parsed = recordSchema.safeParse(value);
  const empty =
    !parsed.success ||
    [parsed.data.title, parsed.data.subject, parsed.data.body, parsed.data.description, parsed.data.text].every(
      (part) => typeof part !== 'string',
    );
  if (empty) {
    throw new SextantError('invalid_argument', `Entry ${position} is not an issue: it needs a title or a body.`, {
      hint: 'Take an array of objects, one object a line, or CSV with a head: number, title, body, author, date, labels, url.',
    });
  }
  const { comments, ...record } = parsed.data;
  const key = String(record.number ?? record.iid ?? record.key ?? record.id ?? position);
  const replies = z.array(commentSchema).safeParse(comments);
  return [
    toItem(record, key, kindOf(record)),
    ...(replies.success
      ? replies.data.map((reply, index) => toItem(reply, `${key}#${reply.id ?? index + 1}`, 'comment'))
      : []),
  ];
}

function parseRecords(content: string, file: string): unknown[] {
  const start = content.trimStart();
  try {
    if (start.startsWith('[')) return z.array(z.unknown()).parse(JSON.parse(content));
    if (start.startsWith('{')) {
      const lines = content.split('\n').filter((line) => line.trim() !== '');
      if (lines.length > 1 && lines[0]!.trimEnd().endsWith('}')) return lines.map((line): unknown => JSON.parse(line));
      const whole: unknown = JSON.parse(content);
      const list = z.object({ items: z.array(z.unknown()) }).safeParse(whole);
      return list.success ? list.data.items : [whole];
    }
  } catch (cause) {
    throw new SextantError('invalid_argument', `${path.basename(file)} is not valid JSON.`, { cause });
  }
  const [head, ...rows] = parseCsv(content);
  const names = (head?.fields ?? []).map((name) => name.trim());
  return rows.map(({ fields }) => Object.fromEntries(names.map((name, index) => [name, fields[index] ?? ''])));
}

/**
 * Reads issues from an export: a JSON array, one JSON object a line, or CSV with a head. Nothing is stored unless all of it can be
 * read. @throws SextantError `not_found`, `invalid_argument` naming the entry that is wrong.
 */
export async function importIssues(store: HistoryStore, file: string): Promise<IssueSync> {
  const content = await readExport(file);
  const items = parseRecords(content, file).flatMap((value, index) => itemsOf(value, index + 1));
  store.writeHistory((history) => {
    const { id } = history.source('file', path.resolve(file));
    const kept = new Set(items.map(({ key }) => key));
    history.remove(
      id,
      history.keysOf(id).filter((key) => !kept.has(key)),
    );
    history.put(id, items);
  });
  const comments = items.filter(({ kind }) => kind === 'comment').length;
  return { issues: items.length - comments, comments };
}

async function readExport(file: string): Promise<string> {
  try {
    const { size } = await stat(file);
    if (size > mostBytes) throw new SextantError('invalid_argument', `${file} is larger than 512 MB.`);
    return (await readFile(file, 'utf8')).replace(/^\uFEFF/, '');
  } catch (cause) {
    if (cause instanceof SextantError) throw cause;
    throw new SextantError('not_found', `${file} cannot be read.`, { cause });
  }
}
