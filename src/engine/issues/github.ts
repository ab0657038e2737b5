import * as z from 'zod/mini';
import type { Forge } from '../../shared/mood.ts';
import type { NewHistoryItem } from '../store/history/historyTypes.ts';
import { cutText, seconds } from './issueText.ts';
import type { ForgeStream } from './syncIssues.ts';

/** Base address of the API: github.com, a GitHub Enterprise Cloud with data residency, or an Enterprise Server. */
export function githubApi(host: string): string {
  const { protocol, hostname } = new URL(host);
  if (hostname === 'github.com') return 'https://api.github.com';
  return hostname.endsWith('.ghe.com') ? `${protocol}//api.${hostname}` : `${host}/api/v3`;
}

export function githubHeaders(token: string | undefined): Record<string, string> {
  return {
    accept: 'application/vnd.github+json',
    'x-github-api-version': '2022-11-28',
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
  };
}

const user = z.nullish(z.object({ login: z.string() }));

const issueSchema = z.object({
  number: z.int(),
  title: z.string(),
  body: z.nullish(z.string()),
  user,
  created_at: z.string(),
  updated_at: z.string(),
  html_url: z.string(),
  labels: z.array(z.union([z.string(), z.object({ name: z.nullish(z.string()) })])),
  pull_request: z.optional(z.unknown()),
});

const commentSchema = z.object({
  id: z.int(),
  body: z.nullish(z.string()),
  user,
  created_at: z.string(),
  updated_at: z.string(),
  html_url: z.string(),
  issue_url: z.optional(z.string()),
  pull_request_url: z.optional(z.string()),
});

/** An account that was deleted is called so by GitHub itself. */
function author(of: z.infer<typeof user>): { authorName: string; authorEmail: string } {
  return { authorName: of?.login ?? 'ghost', authorEmail: '' };
}

function issueItem(value: unknown): { item: NewHistoryItem; updated: string } {
  const issue = issueSchema.parse(value);
  const labels = issue.labels.map((label) => (typeof label === 'string' ? label : (label.name ?? '')));
  const item: NewHistoryItem = {
    ...author(issue.user),
    kind: issue.pull_request === undefined ? 'issue' : 'pullRequest',
    key: String(issue.number),
    at: seconds(issue.created_at),
    merge: false,
    title: cutText(issue.title),
    body: cutText(issue.body ?? ''),
    url: issue.html_url,
    labels: labels.filter((label) => label !== ''),
    files: [],
  };
  return { item, updated: issue.updated_at };
}

function commentItem(value: unknown): { item: NewHistoryItem; updated: string } {
  const comment = commentSchema.parse(value);
  const number = (comment.issue_url ?? comment.pull_request_url ?? '').split('/').at(-1) ?? '';
  const item: NewHistoryItem = {
    ...author(comment.user),
    kind: 'comment',
    key: `${number}#${comment.id}`,
    at: seconds(comment.created_at),
    merge: false,
    title: '',
    body: cutText(comment.body ?? ''),
    url: comment.html_url,
    files: [],
  };
  return { item, updated: comment.updated_at };
}

/** What is read of a project: issues with pull requests, comments on either, comments on lines of pull requests. */
export function githubStreams({ project }: Pick<Forge, 'project'>): ForgeStream[] {
  const path = (what: string, more: string) => (since: string | undefined) =>
    `/repos/${project}/${what}?${more}sort=updated&direction=asc&per_page=100${since === undefined ? '' : `&since=${since}`}`;
  return [
    { name: 'issues', pageSize: 100, path: path('issues', 'state=all&'), parse: issueItem },
    { name: 'comments', pageSize: 100, path: path('issues/comments', ''), parse: commentItem },
    { name: 'reviews', pageSize: 100, path: path('pulls/comments', ''), parse: commentItem },
  ];
}
