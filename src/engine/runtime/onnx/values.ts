import { SextantError } from '../../../shared/errors.ts';

/** Values of a network as names in a graph: one name, or one for each of its parts. */
export class Values {
  readonly #names = new Map<string, readonly string[]>();

  set(value: string, names: readonly string[]): void {
    this.#names.set(value, names);
  }

  one(value: string): string {
    return this.parts(value, 1)[0]!;
  }

  parts(value: string, count: number): readonly string[] {
    const names = this.#names.get(value);
    if (names?.length !== count) throw new SextantError('internal', `The value “${value}” has not ${count} parts.`);
    return names;
  }
}
