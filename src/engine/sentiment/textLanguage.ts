/**
 * Whether a text is in English as far as its letters and its commonest words can tell. The classifier learned from English
 * alone; a wrong “neutral, another language” is honest, a made-up mood is not. Short texts pass: names and terms are
 * the same everywhere.
 */
export function isEnglish(text: string): boolean {
  const letters = text.match(/\p{L}/gu) ?? [];
  if (letters.length === 0) return true;
  const latin = letters.filter((letter) => /\p{Script=Latin}/u.test(letter)).length;
  if (latin < letters.length * 0.6) return false;
  const words = [...new Set(text.toLowerCase().match(/\p{L}{2,}/gu) ?? [])];
  if (words.length < 3) return true;
  const english = count(words, englishWords);
  let most = 0;
  for (const common of otherWords) most = Math.max(most, count(words, common));
  // Two words may be a coincidence (“per”, “non”) where English words are there too.
  if (most < 2 || (most === 2 && english > 0)) return true;
  return most <= english * 1.5 || most < words.length * 0.12;
}

function count(words: readonly string[], common: ReadonlySet<string>): number {
  return words.reduce((sum, word) => sum + (common.has(word) ? 1 : 0), 0);
}

function wordSet(words: string): ReadonlySet<string> {
  return new Set(words.split(' '));
}

const englishWords = wordSet(
  'the an and or but not is are was were be been to of in on for with from this that these those it its we you he they there have has had do does did can could should would will may if when where what which how why as at by so no yes than then also just only more most some any all fix add remove use make new get set',
);

/** Words that are common in the language and rare in English developers' texts. */
const otherWords: readonly ReadonlySet<string>[] = [
  'der die das und ist nicht ein eine einen für mit auf wird werden wurde wenn auch aus bei nach über zum zur den dem des sich noch nur aber kann wie sind wir ich es im vom danke bitte',
  'le la les des une du est pas pour dans sur avec que qui ce cette ces il elle nous vous sont être par plus mais où et ne au aux merci sans quand ça fait',
  'el los las una uno por para con que del es no se su lo como más pero sus al está son cuando muy sin sobre también ya hay porque desde esta este gracias',
  'os as um uma para com não que do da dos das em no na por mais se foi ao como mas quando muito já também só pelo pela está isso obrigado',
  'il lo gli una uno per con che non del della di sono nel nella come più anche ma questo questa quando alla dal si grazie perché',
  'de het een en van ik te dat niet zijn op aan met voor er maar om hem dan zou wat mijn ook als bij nog naar wordt deze kan geen dit bedankt',
  'na do nie się że to jest dla od po przez ale jak oraz są czy już tylko może przy dodano poprawiono',
  'och att det som en på är av för med till den har inte om ett men var jag sig från kan när också eller',
  've bir bu için ile da de ne gibi daha çok olarak olan değil mi ama var yok',
  'dan yang di dengan untuk ini itu tidak dari pada ke adalah akan juga saya bisa tambah perbaiki',
].map(wordSet);
