import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import * as z from 'zod/mini';

const entrySchema = z.object({
  run: z.string(),
  /** Folder of the fine-tuned model. */
  model: z.string(),
  /** The `modelPath` of the settings that it was trained from and stands in for. */
  replaces: z.string(),
});
const fileSchema = z.record(z.string(), entrySchema);
export type ActiveModel = z.infer<typeof entrySchema>;

/**
 * Which root is searched with which fine-tuned model. Kept beside the runs, so that every window and the command line agree. A
 * fine-tuned model stands in for the model that it was trained from; choosing another model in the settings leaves it aside.
 */
export class ActiveModels {
  readonly #file: string;

  constructor(finetuneDir: string) {
    this.#file = path.join(finetuneDir, 'active.json');
  }

  of(rootPath: string): ActiveModel | undefined {
    return this.#read()[rootPath];
  }

  set(rootPath: string, model: ActiveModel): void {
    this.#write({ ...this.#read(), [rootPath]: model });
  }

  remove(rootPath: string): void {
    const others = Object.entries(this.#read()).filter(([key]) => key !== rootPath);
    this.#write(Object.fromEntries(others));
  }

  /** What to load where the settings say `modelPath`: of several roots the first that has a model of its own decides. */
  choose(modelPath: string, rootPaths: readonly string[]): string {
    const all = this.#read();
    const own = rootPaths
      .map((rootPath) => all[rootPath])
      .find((entry) => entry?.replaces === modelPath && existsSync(path.join(entry.model, 'config.json')));
    return own?.model ?? modelPath;
  }

  #read(): Record<string, ActiveModel> {
    try {
      return fileSchema.parse(JSON.parse(readFileSync(this.#file, 'utf8')));
    } catch {
      return {};
    }
  }

  #write(models: Record<string, ActiveModel>): void {
    writeFileSync(`${this.#file}.tmp`, `${JSON.stringify(models, undefined, 2)}\n`);
    renameSync(`${this.#file}.tmp`, this.#file);
  }
}
