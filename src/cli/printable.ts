const control = /(?![\t\n])\p{Cc}/gu;

/** Without what a terminal obeys: names, code and messages of others may hold it. */
export function printable(text: string): string {
  return text.replace(control, '');
}
