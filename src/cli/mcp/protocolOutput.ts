import { Writable } from 'node:stream';

/**
 * The real standard output, for the protocol alone: whatever else writes to `process.stdout` from now on, a dependency for
 * instance, goes to stderr, where it cannot break a message.
 */
export function protocolOutput(): Writable {
  const write = process.stdout.write.bind(process.stdout);
  process.stdout.write = process.stderr.write.bind(process.stderr);
  return new Writable({
    write: (chunk: Buffer, _encoding, done) => void write(chunk, (error) => done(error)),
  });
}
