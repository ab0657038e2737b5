import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ByteMeter, type MeterReading } from '../../../../src/engine/models/byteMeter.ts';

function meterOf(total: number): { meter: ByteMeter; reports: MeterReading[]; pass: (ms: number) => void } {
  let now = 0;
  const reports: MeterReading[] = [];
  const meter = new ByteMeter(
    total,
    (reading) => reports.push(reading),
    () => now,
  );
  return { meter, reports, pass: (ms) => (now += ms) };
}

test('speed is that of the bytes that came, not of those that were there', () => {
  const { meter, reports, pass } = meterOf(100_000);
  meter.skip(50_000);
  for (let second = 0; second < 10; second++) {
    pass(1000);
    meter.add(2_000);
  }
  const last = reports.at(-1)!;
  assert.equal(last.doneBytes, 70_000);
  assert.ok(Math.abs(last.bytesPerSecond! - 2_000) < 1);
  assert.ok(Math.abs(last.etaSeconds! - 15) < 0.1);
});

test('it follows a line that changes its pace', () => {
  const { meter, reports, pass } = meterOf(1e9);
  for (let second = 0; second < 30; second++) {
    pass(1000);
    meter.add(second < 15 ? 10_000 : 1_000);
  }
  assert.ok(reports.at(-1)!.bytesPerSecond! < 2_000);
});

test('it reports a few times a second, whatever comes', () => {
  const { meter, reports, pass } = meterOf(1e9);
  for (let piece = 0; piece < 1000; piece++) {
    pass(1);
    meter.add(100);
  }
  assert.equal(reports.length, 5);
  assert.deepEqual(new ByteMeter(5, () => undefined).reading(), { doneBytes: 0, totalBytes: 5 });
});
