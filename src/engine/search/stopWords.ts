const stopWords = new Set(
  (
    'a about after all also an and any are as at be been before being between both but by can could did do does doing done ' +
    'each for from get gets given had has have having here how i if in into is it its itself just like many me more most my ' +
    'of on onto or other our out over own per s same should so some such than that the their them then there these they ' +
    'this those through to under until up upon us use used uses using via was we were what when where whether which while ' +
    'who whom why will with within without would you your'
  ).split(' '),
);

/** True for words of English that say nothing about code; `word` is lower-case. */
export function isStopWord(word: string): boolean {
  return stopWords.has(word);
}
