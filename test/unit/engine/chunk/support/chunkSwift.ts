import { setTimeout as delay } from 'node:timers/promises';
import { chunkFile } from '../../../../../src/engine/chunk/chunkFile.ts';

/** Enough Swift for V8 to find its lexer worth optimising. Writes the most memory that this process took, in bytes. */
const functions = Array.from(
  { length: 100 },
  (_, i) => `/// Adds the ${i}th thing.
public func add${i}(_ left: Int, to right: [String: Int]?) throws -> Result<Int, Error> {
    guard let right, !right.isEmpty else { return .failure(Missing("nothing at \\(left)")) }
    return .success(right.values.reduce(left, +))
}
`,
);
for (let i = 0; i < 3; i += 1) await chunkFile({ path: `file${i}.swift`, text: functions.join('\n') });
// Compilers work in threads of their own.
await delay(1500);
process.stdout.write(String(process.resourceUsage().maxRSS * 1024));
