import { spawnSync } from 'node:child_process';

/**
 * Runs a command with a file system of `bytes` mounted at `mountPoint`, in a namespace of its own, so that nothing is left of it.
 * Undefined where the machine lets nobody mount (no Linux, no user namespaces).
 */
export function runWithSmallFileSystem(
  mountPoint: string,
  bytes: number,
  command: readonly string[],
): string | undefined {
  const script = 'mount -t tmpfs -o "size=$1" none "$2" || exit 77; shift 2; exec "$@"';
  const arguments_ = ['-rm', 'sh', '-c', script, 'sh', String(bytes), mountPoint, ...command];
  const result = spawnSync('unshare', arguments_, { encoding: 'utf8', timeout: 120_000 });
  if (result.error !== undefined || result.status === 77 || result.stderr.startsWith('unshare:')) return undefined;
  if (result.status !== 0) throw new Error(`The command ended with ${result.status}: ${result.stderr}`);
  return result.stdout;
}
