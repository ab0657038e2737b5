const vowel = /[aeiouy]/;

/** The shortest stem a suffix may leave behind. */
const shortestStem = 3;

function plural(word: string): string {
  if (!word.endsWith('s') || word.endsWith('ss') || word.endsWith('us') || word.endsWith('is')) return word;
  if (/(?:ss|x|ch|sh|zz)es$/.test(word)) return word.slice(0, -2);
  return word.slice(0, -1);
}

/** Strips `suffix` where a stem with a vowel remains, and undoes the doubled consonant English puts before it. */
function strip(word: string, suffix: string): string {
  if (!word.endsWith(suffix)) return word;
  const stem = word.slice(0, -suffix.length);
  if (stem.length < shortestStem || !vowel.test(stem)) return word;
  const last = stem.at(-1)!;
  const doubled = last === stem.at(-2) && !'lszaeiou'.includes(last) && stem.length > shortestStem;
  return doubled ? stem.slice(0, -1) : stem;
}

/** `-ation`, `-ator` and `-ate` leave what the bare verb leaves: configuration and configure, iterator and iterate. */
function agentOrNoun(word: string): string {
  if (word.length <= 5) return word;
  const agent = word.endsWith('er') ? strip(word, 'er') : word;
  const noun = /[st]ion$/.test(agent) ? agent.slice(0, -3) : agent.replace(/tor$/, 't');
  const able = noun.replace(/(?<=.{5})[ai]ble$/, '');
  return able.replace(/(?<=.{4})at(?:e)?$/, '');
}

/**
 * A light English stem, so that `parse`, `parses`, `parsing`, `parsed` and `parser` meet, or `validate` and `validation`. Works on
 * lower-case words; words of other languages at worst lose an ending, the same one in the index and in the query.
 */
export function stem(word: string): string {
  if (word.length <= shortestStem) return word;
  const singular = plural(word);
  const inflected = strip(singular, 'ing');
  const root = inflected === singular ? strip(singular, 'ed') : inflected;
  const base = agentOrNoun(root);
  const bare = base.length > 4 && base.endsWith('e') ? base.slice(0, -1) : base;
  return bare.replace(/(?<=[^aeiou])y$/, 'i');
}
