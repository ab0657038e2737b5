import { ErrorCodes, ResponseError, type CancellationToken, type MessageConnection } from 'vscode-jsonrpc/node';
import type * as z from 'zod/mini';
import { SextantError, serializeError, type SerializedError } from '../../shared/errors.ts';

/**
 * Answers one kind of request: the parameters are checked, the handler's signal aborts when the peer cancels, and whatever
 * goes wrong becomes a JSON-RPC error whose `data` is a `SerializedError`.
 */
export function serveRequest<T>(
  connection: MessageConnection,
  method: string,
  schema: z.ZodMiniType<T>,
  handler: (params: T, signal: AbortSignal) => unknown,
): void {
  connection.onRequest(method, async (params: unknown, token: CancellationToken) => {
    const abort = new AbortController();
    const subscription = token.onCancellationRequested(() => abort.abort());
    try {
      const parsed = schema.safeParse(params ?? {});
      if (!parsed.success) {
        const detail = parsed.error.issues[0];
        const place = detail?.path.join('.') ?? '';
        throw new SextantError('invalid_argument', `«${method}»: ${place} ${detail?.message ?? 'is invalid'}`);
      }
      return await handler(parsed.data, abort.signal);
    } catch (error) {
      return new ResponseError<SerializedError>(ErrorCodes.InternalError, 'request failed', serializeError(error));
    } finally {
      subscription.dispose();
    }
  });
}
