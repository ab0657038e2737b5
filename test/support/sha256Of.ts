import { hash } from 'node:crypto';

/** SHA-256 in hex. */
export function sha256Of(bytes: Buffer): string {
  return hash('sha256', bytes, 'hex');
}
