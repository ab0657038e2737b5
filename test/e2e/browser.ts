import { chromium, type Browser } from 'playwright-core';
import { ensureChromium } from '../../scripts/codeServer.ts';

/** The machine's Chromium, quiet and without a sandbox, which containers do not allow. */
export async function launchBrowser(): Promise<Browser> {
  const executablePath = await ensureChromium({ log: (text) => void process.stderr.write(text) });
  const args = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-background-networking'];
  return chromium.launch({ executablePath, args: [...args, '--lang=en-US'] });
}
