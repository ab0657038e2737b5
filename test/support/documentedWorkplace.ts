import fs from 'node:fs';
import path from 'node:path';
import type { TestContext } from 'node:test';
import { temporaryFolder } from './temporaryFolder.ts';

const verbs = ['opens', 'closes', 'counts', 'merges', 'splits', 'sorts', 'paints', 'weighs', 'folds', 'sends'];
const things = ['otter', 'bridge', 'ledger', 'window', 'harbour', 'lantern', 'orchard', 'kettle', 'anchor', 'meadow'];
const places = ['north', 'south', 'upper'];

/** Documented functions, enough to learn from and to judge by. */
function writeFunctions(folder: string): void {
  fs.mkdirSync(folder, { recursive: true });
  for (const place of places) {
    for (const verb of verbs) {
      const functions = things.map(
        (thing, index) => `/** ${verb} the ${thing} of the ${place} shore when ${things[(index + 3) % 10]!} asks. */
export function ${verb}${thing[0]!.toUpperCase()}${thing.slice(1)}(values: number[]): number {
  let total = values.length * ${index};
  for (const value of values) total += value * ${verb.length} + ${thing.length};
  const ${thing}${place} = total - values.indexOf(${index});
  if (${thing}${place} > 100) return ${thing}${place} - 100;
  return total;
}
`,
      );
      fs.writeFileSync(path.join(folder, `${place}-${verb}.ts`), functions.join('\n'));
    }
  }
}

/** A workspace that can be fine-tuned on, and a home beside it. */
export function documentedWorkplace(context: TestContext): { folder: string; home: string } {
  const base = temporaryFolder(context);
  writeFunctions(path.join(base, 'workspace'));
  return { folder: path.join(base, 'workspace'), home: path.join(base, 'home') };
}
