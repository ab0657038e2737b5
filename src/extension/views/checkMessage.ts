import type * as z from 'zod/mini';
import { SextantError } from '../../shared/errors.ts';

/** What a webview has sent, checked. @throws SextantError `invalid_argument` for what is no message of this version. */
export function checkMessage<Message>(schema: z.ZodMiniType<Message>, raw: unknown): Message {
  const parsed = schema.safeParse(raw);
  if (parsed.success) return parsed.data;
  throw new SextantError('invalid_argument', 'The view sent a message that Sextant does not understand.', {
    hint: 'Reload the window, so that view and extension are of one version.',
    cause: parsed.error,
  });
}
