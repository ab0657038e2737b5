import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatLogLine, writeLog } from '../../../src/extension/log.ts';

test('data follows the message as key=value', () => {
  const data = { files: 3, path: 'a "b"', ok: true, none: null };
  assert.equal(
    formatLogLine({ level: 'info', message: 'Done.', data }),
    'Done. files=3 path="a \\"b\\"" ok=true none=null',
  );
});

test('the level chooses the method of the channel', () => {
  const lines: string[] = [];
  const at = (level: string) => (line: string | Error) => void lines.push(`${level} ${String(line)}`);
  const channel = { trace: at('trace'), debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
  writeLog(channel, { level: 'warn', message: 'w' });
  writeLog(channel, { level: 'trace', message: 't' });
  assert.deepEqual(lines, ['warn w', 'trace t']);
});
