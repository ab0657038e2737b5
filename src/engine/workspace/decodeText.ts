/** Text of a source file's bytes, or `undefined` when they are no text. A byte order mark is dropped. */
export function decodeText(bytes: Uint8Array): string | undefined {
  if (startsWith(bytes, 0xff, 0xfe)) return decodeUtf16(bytes, 'utf-16le');
  if (startsWith(bytes, 0xfe, 0xff)) return decodeUtf16(bytes, 'utf-16be');
  if (bytes.includes(0)) return undefined;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return looksLikeText(bytes) ? new TextDecoder('windows-1252').decode(bytes) : undefined;
  }
}

function startsWith(bytes: Uint8Array, first: number, second: number): boolean {
  return bytes[0] === first && bytes[1] === second;
}

function decodeUtf16(bytes: Uint8Array, encoding: string): string | undefined {
  const text = new TextDecoder(encoding).decode(bytes);
  return text.includes('\0') ? undefined : text;
}

/** Legacy 8-bit encodings have no control characters but white space, and mostly ASCII. */
function looksLikeText(bytes: Uint8Array): boolean {
  let controls = 0;
  let high = 0;
  for (const byte of bytes) {
    if (byte < 32 && byte !== 9 && byte !== 10 && byte !== 12 && byte !== 13 && byte !== 27) controls++;
    else if (byte >= 128) high++;
  }
  return controls === 0 && high <= bytes.length * 0.3;
}
