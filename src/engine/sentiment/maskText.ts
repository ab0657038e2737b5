import { placeholder } from './normalizeText.ts';

/**
 * Masking keeps every character's place, so that a word found afterwards is where it was in the original text: what does not
 * speak of a mood is overwritten, by spaces where nothing is missed, by placeholders where the sentence had a word.
 */
export function blank(text: string): string {
  return text.replace(/[^\n]/g, ' ');
}

function hold(text: string): string {
  return placeholder.repeat(text.length);
}

/** Overwrites whole lines for which `test` holds. */
function blankLines(lines: string[], test: (line: string, index: number) => boolean): void {
  for (const [index, line] of lines.entries()) {
    if (line !== '' && test(line, index)) lines[index] = blank(line);
  }
}

/** Code between fences, up to the end where the closing one is missing. */
function blankFences(lines: string[]): void {
  let fence: string | undefined;
  for (const [index, line] of lines.entries()) {
    const mark = /^\s{0,8}(`{3,}|~{3,})/.exec(line)?.[1];
    if (fence === undefined) {
      // A fence that closes on its own line is inline code.
      if (mark !== undefined && !line.trim().slice(mark.length).includes(mark)) fence = mark;
      else continue;
    } else if (mark !== undefined && mark.startsWith(fence) && line.trim() === mark) {
      fence = undefined;
    }
    lines[index] = blank(line);
  }
}

/** Markdown's code by indentation: four columns after an empty line; lists go on with as many and are left alone. */
function blankIndented(lines: string[], original: readonly string[]): void {
  let list = false;
  let inside = false;
  let afterEmpty = true;
  for (const [index, line] of original.entries()) {
    if (line.trim() === '') {
      afterEmpty = true;
      continue;
    }
    const indented = /^(?: {4}|\t)/.test(line);
    if (!indented) {
      list = /^\s{0,3}(?:[-*+•]|\d+[.)])\s/.test(line);
      inside = false;
    } else if (!list && (afterEmpty || inside)) {
      inside = true;
      lines[index] = blank(line);
    }
    afterEmpty = false;
  }
}

const quotedReply = /^\s*(?:>|&gt;)/;
const replyHeader = /^\s*(?:On .{4,120} wrote:|.{1,60} (?:wrote|schrieb|a écrit)\s*:)\s*$/;
/** Exports that hold a comment in one line show by two spaces where the line that it quotes ended. */
function maskOneLineQuote(text: string): string {
  const end = text.trimEnd().lastIndexOf('  ');
  if (end < 0 || !quotedReply.test(text) || text.trimEnd().includes('\n')) return text;
  return quotedReply.test(text.slice(end)) ? text : blank(text.slice(0, end)) + text.slice(end);
}

const originalMessage = /^\s*-{3,}\s*(?:Original Message|Forwarded message)\s*-{3,}/i;
const traceLine = new RegExp(
  [
    String.raw`^\s*at\s+\S+.*(?:\(.*\)|:\d+)\s*$`,
    String.raw`^\s*at\s+[\w$.<>]+\(`,
    String.raw`^\s*File "[^"]*", line \d+`,
    String.raw`^\s*Traceback \(most recent call last\)`,
    String.raw`^\s*(?:Caused by: |Exception in thread )`,
    String.raw`^\s*(?:[\w$]+\.)*[A-Z]\w*(?:Error|Exception|Warning)(?:: |$)`,
    String.raw`^\s*\.{3} \d+ more`,
    String.raw`^\s*goroutine \d+ \[`,
    String.raw`^\s*thread '.*' panicked at`,
    String.raw`^\s*#\d+\s+(?:0x[0-9a-f]+|\S+\s+\()`,
    String.raw`^\s*\d+:\s+0x[0-9a-f]{6,}`,
    String.raw`^\s*(?:from )?\S+\.(?:rb|py|js|ts|go|rs|c|cc|cpp|h|java|php):\d+(?::\d+)?(?::|\s*$)`,
    String.raw`^\s*\[?\d{4}-\d\d-\d\d[T ]\d\d:\d\d`,
    String.raw`^\s*\[?\d\d:\d\d:\d\d[\].,]`,
    String.raw`^\s*\[?(?:DEBUG|INFO|WARN|WARNING|ERROR|FATAL|TRACE|SEVERE)\]?:?\s`,
    String.raw`^\s*npm ERR!`,
    String.raw`^(?:diff --git |index [0-9a-f]+\.\.|@@ -\d|--- a/|\+\+\+ b/)`,
    String.raw`^\s*(?:\$|%|>>>|PS>|irb\S*>)\s+\S`,
    String.raw`^#!`,
    String.raw`^\s*0x[0-9a-f]{4,}`,
  ].join('|'),
);
const tableRow = /^\s*\|.*\|\s*$/;
const checkbox = /^\s*(?:[-*+]\s+)?\[[ xX]\]\s/;

/** What a line of a template asks, not what its author says. */
const templateLine = new RegExp(
  String.raw`^\s*(?:#{1,6}\s*|\*\*|__)?(?:` +
    [
      'describe the (?:bug|issue|problem|feature|solution)\\b.*',
      '(?:steps )?to reproduce(?: the (?:bug|behaviou?r|issue))?',
      'steps to reproduce.*',
      '(?:expected|actual|current|desired) (?:behaviou?r|results?|output)',
      'screenshots?(?: or .*)?',
      'additional (?:context|information|notes)',
      '(?:your |system |user )?environment(?: .*)?',
      'possible (?:solution|fix)',
      'what (?:is|was|did) (?:the|you) (?:expected|actual|current|do|expect).*',
      'is your feature request related to a problem\\?.*',
      'checklist',
      'types? of changes?',
      'how (?:has this been|to|was this) test(?:ed)?\\b.*',
      'what does this (?:pr|pull request) (?:do|try to resolve|change)\\b.*',
      'motivation and context',
      'related issues?',
      'reproduction(?: link| steps)?',
      'test plan',
      'summary',
      'description',
      'version(?:s)?',
      'logs?',
    ].join('|') +
    String.raw`)\s*:?\s*(?:\*\*|__|#{1,6})?\s*:?\s*$`,
  'i',
);

/** Data, keys, minified code: longer than any word, and too long for patterns that look ahead. Other scripts need no spaces. */
export function maskBlobs(text: string): string {
  return text.replace(/[\x21-\x7e]{200,}/g, hold);
}

/** Overwrites blocks that are not the author's own sentences. */
export function maskBlocks(text: string): string {
  const lines = maskOneLineQuote(text)
    .replace(/<!--[^]*?(?:-->|$)/g, blank)
    .replace(/<(pre|code|script|style|details)\b[^>\n]{0,200}>[^]{0,4000}?<\/\1\s*>/gi, blank)
    .split('\n');
  blankFences(lines);
  const original = lines.findIndex((line) => originalMessage.test(line));
  if (original >= 0) blankLines(lines, (_, index) => index >= original);
  if (lines.length > 1) blankLines(lines, (line) => quotedReply.test(line) || replyHeader.test(line));
  blankLines(
    lines,
    (line) => traceLine.test(line) || tableRow.test(line) || checkbox.test(line) || templateLine.test(line),
  );
  blankIndented(lines, text.split('\n'));
  return lines.join('\n');
}

/** Overwrites what is not words within sentences. Needs {@link maskBlobs} before, which bounds how far a pattern can go back. */
export function maskInline(text: string): string {
  return text
    .replace(/```[^\n]*?```|``[^\n]*?``|`[^`\n]+`/g, hold)
    .replace(/!\[[^\]\n]*\]\([^)\n]*\)/g, blank)
    .replace(/\]\([^)\s\n]*(?:\s+"[^"\n]*")?\)/g, blank)
    .replace(/<\/?[a-z][^<>\n]*>/gi, blank)
    .replace(/\b(?:https?|ftp|git|ssh|file):\/\/[^\s<>"]+|\bwww\.[^\s<>"]+/gi, hold)
    .replace(/[\w.+-]+@[\w-]+(?:\.[\w-]+)+/g, hold)
    .replace(/(?<![\w/])@[\w-]+(?:\/[\w-]+)?/g, blank)
    .replace(/(?<![\w&])#\d+\b|\b[\w.-]+\/[\w.-]+#\d+\b/g, hold);
}
