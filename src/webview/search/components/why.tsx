import type { SearchResult } from '../../../shared/search.ts';
import { percent } from '../../shared/format.ts';
import { signalShares } from '../signalLabels.ts';
import { text } from '../text.ts';

/** What made the ranking choose this result: each signal's share as a bar, and the words that matched. */
export function Why({ result }: { result: SearchResult }) {
  const shares = signalShares(result.signals);
  const longest = Math.max(...shares.map(({ share }) => Math.abs(share)), 0.01);
  const words = [...new Set(result.matches.map((word) => word.toLowerCase()))].slice(0, 24);
  return (
    <div class="why">
      {shares.length > 0 && (
        <dl class="signals">
          {shares.map(({ label, share }) => (
            <div key={label} class={share < 0 ? 'signal against' : 'signal'}>
              <dt>{label}</dt>
              <dd>
                <span class="signal-bar" aria-hidden="true">
                  <span style={{ width: `${(Math.abs(share) / longest) * 100}%` }} />
                </span>
                <span class="signal-share">
                  {share < 0 ? '−' : ''}
                  {percent(Math.abs(share))}
                </span>
              </dd>
            </div>
          ))}
        </dl>
      )}
      {words.length > 0 ? (
        <div class="words">
          <span class="dim">{text.matched}</span>
          {words.map((word) => (
            <mark key={word}>{word}</mark>
          ))}
        </div>
      ) : (
        <div class="words dim">{text.noMatchedWords}</div>
      )}
    </div>
  );
}
