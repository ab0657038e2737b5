import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { correctionsFile } from '../../../../src/engine/sentiment/corrections.ts';
import { parseCsv } from '../../../../src/engine/text/csv.ts';
import type { MoodReport, MoodRequest } from '../../../../src/shared/mood.ts';
import { MoodFixture } from '../../../support/moodFixture.ts';

const { signal } = new AbortController();
const day = 86_400;
/** Monday, 5 January 2026, 12:00 UTC. */
const monday = Date.UTC(2026, 0, 5, 12) / 1000;

/** Three weeks of commits, the mood of each in a word of its message. */
function project(t: TestContext): MoodFixture {
  const fixture = new MoodFixture(t);
  const { repository } = fixture;
  repository.commit({
    message: 'Start',
    at: monday,
    files: { 'src/net/a.ts': '1', 'src/ui/b.ts': '1', 'README.md': '1' },
  });
  repository.commit({
    message: 'ugh, sockets',
    at: monday + day,
    author: 'Bo',
    files: { 'src/net/a.ts': '2', 'src/net/c.ts': '1' },
  });
  repository.git('tag', 'v1');
  repository.commit({ message: 'thanks for the review', at: monday + 15 * day, files: { 'src/ui/b.ts': '2' } });
  repository.commit({ message: 'Merge branch x', at: monday + 15 * day + 60 });
  repository.commit({ message: '=1+1 ugh, "again"', at: monday + 16 * day, files: { 'src/net/a.ts': '3' } });
  return fixture;
}

async function report(fixture: MoodFixture, rest: Partial<MoodRequest> = {}): Promise<MoodReport> {
  const request = { kinds: ['commit' as const], by: 'week' as const, folder: '', listed: 10, byAuthor: false, ...rest };
  return fixture.mood.report(request, signal);
}

describe('MoodService', () => {
  it('counts by week, with the empty weeks in between', async (t) => {
    const fixture = project(t);
    await fixture.mood.prepare(undefined, ['commit'], signal);
    const { timeline, counts, items, skipped, pending } = await report(fixture);
    assert.deepEqual(
      { counts, items, skipped, pending },
      { counts: { negative: 2, neutral: 1, positive: 1 }, items: 5, skipped: 1, pending: 0 },
    );
    assert.deepEqual(
      timeline.map(({ name, counts: { negative, neutral, positive } }) => [name, negative, neutral, positive]),
      [
        ['2026-W02', 1, 1, 0],
        ['2026-W03', 0, 0, 0],
        ['2026-W04', 1, 0, 1],
      ],
    );
    assert.equal(timeline[0]?.start, Date.UTC(2026, 0, 5) / 1000);
  });

  it('counts by month and by release', async (t) => {
    const fixture = project(t);
    await fixture.mood.prepare(undefined, ['commit'], signal);
    const names = async (by: MoodRequest['by']): Promise<[string, number][]> =>
      (await report(fixture, { by })).timeline.map(({ name, counts }) => [name, counts.negative]);
    assert.deepEqual(await names('month'), [['2026-01', 2]]);
    assert.deepEqual(await names('release'), [
      ['v1', 1],
      ['', 1],
    ]);
  });

  it('counts an item once for every folder and file that it touched', async (t) => {
    const fixture = project(t);
    await fixture.mood.prepare(undefined, ['commit'], signal);
    const places = async (folder: string): Promise<[string, boolean, number, number][]> =>
      (await report(fixture, { folder })).places.map((place) => [
        place.path,
        place.folder,
        place.counts.negative,
        place.counts.negative + place.counts.neutral + place.counts.positive,
      ]);
    assert.deepEqual(await places(''), [
      ['src', true, 2, 4],
      ['README.md', false, 0, 1],
    ]);
    assert.deepEqual(await places('src/net'), [
      ['src/net/a.ts', false, 2, 3],
      ['src/net/c.ts', false, 1, 1],
    ]);
  });

  it('filters by path, time and author, and names authors only when asked', async (t) => {
    const fixture = project(t);
    await fixture.mood.prepare(undefined, ['commit'], signal);
    const titles = async (rest: Partial<MoodRequest>): Promise<string[]> =>
      (await report(fixture, rest)).negative.map(({ title }) => title);
    assert.deepEqual(await titles({}), ['=1+1 ugh, "again"', 'ugh, sockets']);
    assert.deepEqual(await titles({ paths: ['**/c.ts'] }), ['ugh, sockets']);
    assert.deepEqual(await titles({ since: monday + 10 * day }), ['=1+1 ugh, "again"']);
    assert.deepEqual(await titles({ authors: ['Bo'] }), ['ugh, sockets']);
    assert.equal((await report(fixture)).authors, undefined);
    const { authors } = await report(fixture, { byAuthor: true });
    assert.deepEqual(
      authors?.map(({ name, counts }) => [name, counts.negative]),
      [
        ['Ada', 1],
        ['Bo', 1],
      ],
    );
  });

  it('says what waits, reads it the newest first, and nothing twice', async (t) => {
    const fixture = project(t);
    await fixture.history.update(fixture.root, { embed: false, signal });
    assert.equal((await report(fixture)).pending, 5);
    await fixture.mood.prepare(undefined, ['commit'], signal, { newest: 2 });
    assert.deepEqual(fixture.classifier.read, ['=1+1 ugh, "again"', 'Merge branch x']);
    await fixture.mood.prepare(undefined, ['commit'], signal);
    assert.equal(fixture.classifier.read.length, 5);
    assert.equal((await report(fixture)).pending, 0);
  });

  it('skips merges by their parents, whatever they say', async (t) => {
    const fixture = new MoodFixture(t);
    const { repository } = fixture;
    repository.commit({ message: 'one' });
    repository.git('checkout', '--quiet', '-b', 'side');
    repository.commit({ message: 'two' });
    repository.git('checkout', '--quiet', 'main');
    repository.git('merge', '--quiet', '--no-ff', '-m', 'ugh, that branch', 'side');
    await fixture.mood.prepare(undefined, ['commit'], signal);
    const { counts, skipped } = await report(fixture);
    assert.deepEqual([counts.negative, skipped], [0, 1]);
    assert.deepEqual(fixture.classifier.read, ['two', 'one']);
  });

  it('takes a correction at once, keeps it for training, and holds on to it', async (t) => {
    const fixture = project(t);
    await fixture.mood.prepare(undefined, ['commit'], signal);
    const [worst] = (await report(fixture)).negative;
    assert.ok(worst);
    await fixture.mood.correct(fixture.root, worst.id, 'neutral');
    assert.equal((await report(fixture)).counts.negative, 1);
    const [line] = fs.readFileSync(correctionsFile(fixture.storageDir), 'utf8').split('\n');
    const { text, label, kind } = JSON.parse(line!) as Record<string, string>;
    assert.deepEqual({ text, label, kind }, { text: '=1+1 ugh, "again"', label: 'neutral', kind: 'commit' });
    fixture.store.writeHistory((history) => history.keepOnly({ classifier: 'none' }));
    await fixture.mood.prepare(undefined, ['commit'], signal);
    assert.equal((await report(fixture)).counts.negative, 1);
    await assert.rejects(fixture.mood.correct(fixture.root, 999, 'neutral'), { code: 'not_found' });
  });

  it('exports what passes the filter, without formulas for spreadsheets', async (t) => {
    const fixture = project(t);
    await fixture.mood.prepare(undefined, ['commit'], signal);
    const csv = path.join(fixture.storageDir, 'mood.csv');
    assert.equal(await fixture.mood.export({ kinds: ['commit'] }, csv, 'csv', signal), 5);
    const [head, ...rows] = parseCsv(fs.readFileSync(csv, 'utf8'));
    const column = head!.fields.indexOf('text');
    const again = rows.find(({ fields }) => fields[column]!.includes('again'));
    assert.equal(again?.fields[column], `'=1+1 ugh, "again"`);
    assert.equal(again.fields[head!.fields.indexOf('label')], 'negative');
    const json = path.join(fixture.storageDir, 'mood.json');
    await fixture.mood.export({ kinds: ['commit'], authors: ['Bo'] }, json, 'json', signal);
    const [only, ...others] = JSON.parse(fs.readFileSync(json, 'utf8')) as { author: string; date: string }[];
    assert.deepEqual([only?.author, only?.date, others], ['Bo', '2026-01-06T12:00:00.000Z', []]);
    await assert.rejects(fixture.mood.export({ kinds: ['commit'] }, '/nowhere/x.csv', 'csv', signal), {
      code: 'invalid_argument',
    });
    await assert.rejects(async () => fixture.mood.export({ kinds: ['commit'] }, 'x.csv', 'csv', signal), {
      code: 'invalid_argument',
    });
  });

  it('has a report for a project without commits', async (t) => {
    const fixture = new MoodFixture(t);
    await fixture.mood.prepare(undefined, ['commit'], signal);
    const { timeline, places, items } = await report(fixture);
    assert.deepEqual([timeline, places, items], [[], [], 0]);
  });
});
