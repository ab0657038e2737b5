/** Nobody reads further; longer texts are logs that somebody pasted. */
const longest = 20_000;

export function cutText(text: string): string {
  return text.replaceAll('\r\n', '\n').slice(0, longest);
}

/** Unix seconds of an ISO 8601 time; 0 for what is none. */
export function seconds(time: string): number {
  const at = Date.parse(time);
  return Number.isNaN(at) ? 0 : Math.floor(at / 1000);
}
