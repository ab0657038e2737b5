import assert from 'node:assert/strict';
import { test } from 'node:test';
import pg from 'pg';
import { bigintArray, realArray } from '../../../src/engine/store/postgres/binaryArray.ts';
import { pgliteServer } from '../../support/postgresServer.ts';

test('arrays reach PostgreSQL as they are', async (t) => {
  const server = await pgliteServer();
  const client = new pg.Client(server.url);
  await client.connect();
  t.after(async () => {
    await client.end();
    await server.stop();
  });
  const ids = [1, 2 ** 31, 2 ** 32 + 5, 2 ** 53];
  const values = Float32Array.of(0, -1.5, 1e-30, 0.1);
  const sql = 'SELECT $1::bigint[]::text AS ids, $2::real[] AS values';
  const { rows } = await client.query(sql, [bigintArray(ids), realArray(values)]);
  assert.deepEqual(rows, [{ ids: `{${ids.join()}}`, values: [0, -1.5, 1e-30, 0.1] }]);
  const empty = await client.query(sql, [bigintArray([]), realArray(new Float32Array())]);
  assert.deepEqual(empty.rows, [{ ids: '{}', values: [] }]);
});
