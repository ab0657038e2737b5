/**
 * Faces and gestures as words that the tokenizer knows: pictures, GitHub's short names and typed emoticons of one feeling
 * become one word, so that the model learns each once. Pictures without a feeling (🐛, 🚀) are left out of the text.
 */
const feelings: readonly {
  readonly word: string;
  readonly pictures: string;
  readonly names: string;
  readonly typed: string;
}[] = [
  {
    word: 'happyface',
    pictures: '😀 😃 😄 😁 😊 🙂 ☺ 😌 😇 😺 😸 🤗 🙃 😋 😎 🤓 😏',
    names:
      'smile smiley grinning grin blush slightly_smiling_face relaxed relieved innocent smiley_cat hugs sunglasses satisfied smirk yum nerd_face simple_smile',
    typed: ':) :-) :)) :))) :-)) =) =)) :-] ^^ ^_^ ^-^ :o)',
  },
  {
    word: 'laughface',
    pictures: '😂 🤣 😆 😹 😅',
    names: 'joy rofl laughing sweat_smile joy_cat',
    typed: ':D :-D =D xD XD ;D :DD',
  },
  { word: 'winkface', pictures: '😉', names: 'wink', typed: ';) ;-) ;)) ;-]' },
  {
    word: 'tongueface',
    pictures: '😛 😜 😝 🤪',
    names: 'stuck_out_tongue stuck_out_tongue_winking_eye stuck_out_tongue_closed_eyes zany_face',
    typed: ':P :-P :p :-p =P ;P ;-P xP',
  },
  {
    word: 'loveheart',
    pictures: '❤ ♥ 😍 🥰 😘 💖 💕 💜 💙 💚 💛 🧡 💗 💓 😻 💝 💞 🖤 🤍',
    names:
      'heart heart_eyes kissing_heart sparkling_heart two_hearts purple_heart blue_heart green_heart yellow_heart heartbeat heartpulse heart_eyes_cat revolving_hearts hearts kiss cupid',
    typed: '<3 :* :-*',
  },
  {
    word: 'thumbsup',
    pictures: '👍 👌 💯 ✌ 🤘 🙌 👏 💪 🤝',
    names: '+1 thumbsup ok_hand 100 v metal raised_hands clap muscle shipit handshake',
    typed: '+1 ++1',
  },
  { word: 'thumbsdown', pictures: '👎', names: '-1 thumbsdown', typed: '-1 --1' },
  {
    word: 'hooray',
    pictures: '🎉 🎊 🥳 🍻 🍺 🏆 🥂',
    names: 'tada hooray confetti_ball partying_face beers beer trophy clinking_glasses',
    typed: '\\o/',
  },
  { word: 'thanks', pictures: '🙏 🙇', names: 'pray bow bowing_man bowing_woman', typed: '' },
  {
    word: 'sadface',
    pictures: '🙁 ☹ 😞 😔 😟 😣 😖 😩 😫 😓 😥 😰 🥺 💔 😿',
    names:
      'frowning frowning_face slightly_frowning_face disappointed pensive worried persevere confounded weary tired_face sweat disappointed_relieved cold_sweat broken_heart anguished crying_cat_face',
    typed: ':( :-( :(( :((( =( :-[ :-<',
  },
  { word: 'cryface', pictures: '😢 😭', names: 'cry sob', typed: ":'( :'-( ;_; T_T T.T ;( ;-(" },
  {
    word: 'angryface',
    pictures: '😠 😡 🤬 😤 👿 💢 🖕 😾',
    names: 'angry rage cursing_face triumph imp anger fu middle_finger pout rage1 rage2 rage3 rage4 pouting_cat',
    typed: '>:( >:-( >_< >.< :@ >:[',
  },
  {
    word: 'confusedface',
    pictures: '😕 🤔 🤨 😐 😑 😒 🙄 😬 🤷 😶 🤦 🫤',
    names:
      'confused thinking raised_eyebrow neutral_face expressionless unamused roll_eyes grimacing shrug facepalm no_mouth',
    typed: ':/ :-/ :\\ :-\\ =/ =\\ :-| :-S o_O O_o O_O o_o -_- ¯\\_(ツ)_/¯',
  },
  {
    word: 'shockedface',
    pictures: '😱 😨 😧 😦 😮 😯 😲 😳 🤯 💩 🤮 🤢',
    names:
      'scream fearful hushed open_mouth astonished flushed exploding_head poop hankey shit nauseated_face vomiting_face dizzy_face',
    typed: ':-O :-o =O',
  },
];

function table(column: 'pictures' | 'names' | 'typed'): ReadonlyMap<string, string> {
  return new Map(
    feelings.flatMap(({ word, ...columns }) =>
      columns[column]
        .split(' ')
        .filter((sign) => sign !== '')
        .map((sign) => [sign, word] as const),
    ),
  );
}

const pictures = table('pictures');
const names = table('names');
const typed = table('typed');

const picture =
  /\p{Extended_Pictographic}(?:\u{FE0E}|\u{FE0F}|\p{Emoji_Modifier})*(?:\u200D\p{Extended_Pictographic}(?:\u{FE0E}|\u{FE0F}|\p{Emoji_Modifier})*)*/gu;
const shortName = /:([a-z0-9_+-]{1,40}):/gi;

function escaped(sign: string): string {
  return sign.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
}

/** Typed signs stand alone, or at the end of a word or a sentence: not inside of one, as in `std::map` or `f(x):`. */
const typedSign = new RegExp(
  `(?<=^|[\\s.,!?"')a-z])(?<![:=(])(${[...typed.keys()]
    .sort((a, b) => b.length - a.length)
    .map(escaped)
    .join('|')})(?=$|[\\s.,!?"')])`,
  'g',
);
/** Signs with letters, digits or slashes need a space before them: `x-1`, `abcD:` and `s/a:/b:/` are no feelings. */
const needsSpace = /^[\w+-]|^[:=][/\\]$/;

/** Whether the sign's bracket belongs to one that opened in the same word, as in Swift's `hash(into:)`. */
function closesBracket(text: string, offset: number, sign: string): boolean {
  if (!sign.endsWith(')')) return false;
  const word = /\S*$/.exec(text.slice(Math.max(0, offset - 100), offset))![0];
  return word.lastIndexOf('(') > word.lastIndexOf(')');
}

/** Replaces each sign of a feeling by its word. Works on a stretch of text of any length in one pass a kind. */
export function emoticonsToWords(text: string): string {
  return text
    .replace(picture, (match) => ` ${pictures.get(String.fromCodePoint(match.codePointAt(0)!)) ?? ''} `)
    .replace(shortName, (match, name: string) => {
      const word = names.get(name.toLowerCase());
      return word === undefined ? match : ` ${word} `;
    })
    .replace(typedSign, (match, sign: string, offset: number, whole: string) => {
      const before = offset === 0 ? ' ' : whole[offset - 1]!;
      if (needsSpace.test(sign) && !/\s/.test(before)) return match;
      return closesBracket(whole, offset, sign) ? match : ` ${typed.get(sign)!} `;
    });
}

/** Whether the text holds a sign with a feeling. */
export function hasFeeling(text: string): boolean {
  return emoticonsToWords(text) !== text && /\p{L}/u.test(emoticonsToWords(text.replace(/\p{L}/gu, '')));
}
