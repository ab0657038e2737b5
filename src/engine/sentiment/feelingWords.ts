/**
 * Words of feeling that the tokenizer, made for code, cuts into pieces (“h|ate”, “horri|ble”, “su|cks”), and a word of like feeling that it
 * keeps whole. A piece is shared with words that feel nothing (“hibern|ate”), and a model of one layer cannot keep them apart.
 */
const families = {
  vile: 'awful awfully horrible horribly horrid horrific horrendous horror horrors terrible terribly dreadful dreaded atrocious abysmal appalling heinous lousy pathetic hideous revolting disgusting disgusted disgust repulsive nightmare nightmares disastrous devastating excruciating excruciatingly unbearable abominable godawful ghastly',
  fury: 'hate hates hated hating hatred loathe loathes despise despises detest abhor abominate',
  curse:
    'damn damned damnit goddamn fuck fucks fucked fucking fucker bloody heck freaking frickin bullshit bastard bitch',
  crap: 'shit shitty crappy bollocks turd',
  garbage: 'rubbish',
  stupid:
    'idiot idiots idiotic idiocy moron morons moronic imbecile retarded jackass braindead brainless asinine foolish dumbest stupidity stupidly ignorant clueless',
  worst: 'sucks suck sucked sucky sucking',
  annoying:
    'frustrating frustrated frustrates frustration frustratingly irritating irritated irritates irritation annoys annoyed annoyance annoyingly infuriating aggravating bothersome obnoxious exasperating maddening tiresome vexing dislike dislikes disliked nagging',
  mad: 'angry anger rage raging furious enraged upset pissed outraged outrage angrily grumpy',
  sad: 'unhappy disappointed disappointing disappointment disappoints depressing depressed miserable miserably misery heartbroken bummer bummed shame shameful pity regret regrettable regretted upsetting hopeless despair tragic tragedy grief sorrow unpleasant dismal dismayed',
  concerned: 'afraid worried worrisome fear fears feared fearful scared anxious nervous',
  nasty: 'scary scares scare frightening terrifying creepy gruesome horrifying wicked sinister',
  pain: 'painful painfully hassle headache headaches burden nuisance',
  crazy: 'insane insanely madness lunatic bonkers ludicrous absurd preposterous absurdity',
  ugly: 'ugliness ugliest uglier unsightly',
  lame: 'boring dull bland mediocre',
  ridiculous: 'laughable unbelievable',
  useless: 'worthless hopelessly futile',
  confusing: 'bewildering baffling perplexing confuses puzzling confusingly',
  insult: 'rude offensive insulting disrespectful arrogant hostile sarcasm sarcastic condescending',
  complain: 'whining complaining complaint complaints whine gripe gripes grumble',
  sorry: 'apologies apologize apologise apology apologizing',
  thanks:
    'appreciated appreciate appreciates appreciation grateful thankful gratitude thx thnx thanx cheers thankyou gratz',
  awesome:
    'amazing amazingly amazed fantastic fantastically wonderful wonderfully brilliant brilliantly superb superbly terrific fabulous marvelous marvellous magnificent stunning phenomenal impressive impressed spectacular astonishing awesomely awesomeness kudos congrats congratulations congratulation bravo priceless splendid exquisite breathtaking wonders flawless flawlessly glorious',
  beautiful: 'lovely gorgeous beautifully delightful adorable cute stylish',
  love: 'loved loves loving adore adores enjoy enjoyed enjoying enjoys enjoyable adored loveliest',
  happy:
    'glad gladly happily happier pleased delighted thrilled excited exciting excitement joyful pleasure ecstatic cheerful overjoyed pleasing proud stoked',
  likes: 'liked liking',
  helpful: 'helped beneficial',
  joy: 'yay hooray hurray hurrah woohoo woot yippee',
  lol: 'haha hahaha hahah hehe heh lmao rofl hilarious laugh laughed laughing',
  excellent: 'masterpiece masterful exemplary excellence excellently',
  perfect: 'perfection flawlessness',
  luck: 'fortunate',
  clever: 'ingenious genius brilliance witty',
} as const satisfies Readonly<Record<string, string>>;

/** Each word and what stands for it. */
export const feelingWords: ReadonlyMap<string, string> = new Map(
  Object.entries(families).flatMap(([whole, words]) => words.split(' ').map((word) => [word, whole] as const)),
);

/** Replaces each such word of a text in lower case by the one that the tokenizer keeps whole. */
export function foldFeelingWords(text: string): string {
  return text.replace(/(?<![\p{L}\p{N}-])[a-z]+(?![\p{L}\p{N}-])/gu, (word) => feelingWords.get(word) ?? word);
}
