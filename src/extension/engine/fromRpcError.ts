import { ConnectionError, ErrorCodes, ResponseError } from 'vscode-jsonrpc/node';
import { deserializeError, SextantError } from '../../shared/errors.ts';
import { engineUnavailable } from './engineUnavailable.ts';

/** JSON-RPC code with which a peer answers a request that was cancelled (from the Language Server Protocol). */
const requestCancelled = -32800;

function isSerialized(data: unknown): boolean {
  return typeof data === 'object' && data !== null && 'code' in data && 'message' in data;
}

/** Whatever a JSON-RPC request rejected with, as an error the user may see. */
export function fromRpcError(error: unknown): SextantError {
  if (error instanceof SextantError) return error;
  if (error instanceof ResponseError) {
    const data: unknown = error.data;
    if (isSerialized(data)) return deserializeError(data);
    if (error.code === requestCancelled) return new SextantError('cancelled', 'Cancelled.', { cause: error });
    if (error.code === ErrorCodes.MethodNotFound) {
      return new SextantError('protocol_mismatch', 'The engine does not know this request.', {
        hint: 'Reload the window, so that extension and engine are of one version.',
        cause: error,
      });
    }
    if (error.code === ErrorCodes.PendingResponseRejected) {
      return engineUnavailable('The engine stopped before it answered.', error);
    }
    return new SextantError('internal', error.message, { cause: error });
  }
  if (error instanceof ConnectionError) return engineUnavailable('The engine cannot be reached.', error);
  return new SextantError('internal', error instanceof Error ? error.message : String(error), { cause: error });
}
