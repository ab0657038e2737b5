/** Longer tokens are cut: no message or patch is worth the memory that a hostile repository could ask for. */
const longestToken = 4 * 1024 * 1024;

/** The NUL-terminated tokens of a UTF-8 stream; what follows the last NUL counts as one when it is not empty. */
export async function* splitTokens(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  let open = '';
  for await (const piece of pieces) {
    const parts = decoder.decode(piece, { stream: true }).split('\0');
    const last = parts.pop()!;
    for (const part of parts) {
      yield (open + part).slice(0, longestToken);
      open = '';
    }
    if (open.length < longestToken) open += last;
  }
  open += decoder.decode();
  if (open !== '') yield open.slice(0, longestToken);
}
