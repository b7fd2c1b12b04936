/**
 * The three-letter code of mdhd (ISO 639-2/T, 14496-12 8.4.2) for a BCP 47 tag: `en-GB` gives `eng`. A two-letter
 * language outside the list, like no language, gives `und`; `elng` carries the whole tag anyway.
 */
export function iso639(language: string | undefined): string {
  const primary = language?.split("-", 1)[0]?.toLowerCase() ?? "";
  if (/^[a-z]{3}$/.test(primary)) return primary;
  return THREE_LETTERS.get(primary) ?? "und";
}

const THREE_LETTERS: ReadonlyMap<string, string> = new Map(
  (
    "af afr am amh ar ara az aze be bel bg bul bn ben bs bos ca cat cs ces cy cym da dan de deu el ell en eng es spa " +
    "et est eu eus fa fas fi fin fil fil fr fra ga gle gl glg gu guj he heb hi hin hr hrv hu hun hy hye id ind is isl " +
    "it ita ja jpn ka kat kk kaz km khm kn kan ko kor ky kir lb ltz lo lao lt lit lv lav mk mkd ml mal mn mon mr mar " +
    "ms msa mt mlt my mya nb nob ne nep nl nld nn nno no nor pa pan pl pol ps pus pt por ro ron ru rus sd snd si sin " +
    "sk slk sl slv so som sq sqi sr srp sv swe sw swa ta tam te tel tg tgk th tha tk tuk tl tgl tr tur uk ukr ur urd " +
    "uz uzb vi vie yi yid zh zho zu zul"
  )
    .match(/\S+ \S+/g)
    ?.map((pair) => pair.split(" ") as [string, string]),
);
