/** What JavaScript engines have of https://github.com/tc39/proposal-json-parse-with-source, and TypeScript has no types for. */
interface SourceJson {
  parse(
    text: string,
    reviver: (key: string, value: unknown, context: { readonly source?: string }) => unknown,
  ): unknown;
  rawJSON(text: string): unknown;
}

/**
 * A JSON object with some of its members replaced or added, as text. Numbers stay as they were written: `2.0` written as `2` is
 * no longer a float to readers that tell them apart, as transformers does.
 */
export function changedJson(text: string, changes: Readonly<Record<string, unknown>>): string {
  const json = JSON as unknown as SourceJson;
  const parsed = json.parse(text, (_, value, { source }) =>
    typeof value === 'number' && source !== undefined ? json.rawJSON(source) : value,
  );
  return `${JSON.stringify({ ...(parsed as Record<string, unknown>), ...changes }, null, 2)}\n`;
}
