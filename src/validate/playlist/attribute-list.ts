/** An attribute as it was written. */
export type WrittenAttribute = { readonly name: string; readonly value: string; readonly quoted: boolean };

export type AttributeList = {
  /** The first of each name. */
  readonly byName: ReadonlyMap<string, WrittenAttribute>;
  /** Names that come more than once. */
  readonly repeated: readonly string[];
  /** Pieces that are no attribute. */
  readonly malformed: readonly string[];
};

const ATTRIBUTE = /([A-Z0-9-]+)=(?:"([^"\r\n]*)"|([^",\s]+))(?=,|$)/y;
/** To the next comma outside quotes. */
const PIECE = /(?:"[^"]*"|[^",]|"(?=[^"]*$))*/y;

/** Takes an attribute list apart (RFC 8216bis 4.2), around what is malformed in it. */
export function readAttributeList(text: string): AttributeList {
  const byName = new Map<string, WrittenAttribute>();
  const repeated: string[] = [];
  const malformed: string[] = [];
  let at = 0;
  while (at <= text.length) {
    ATTRIBUTE.lastIndex = at;
    const match = ATTRIBUTE.exec(text);
    if (match) {
      const [all, name = "", quoted, plain] = match;
      if (byName.has(name)) repeated.push(name);
      else byName.set(name, { name, value: quoted ?? plain ?? "", quoted: quoted !== undefined });
      at += all.length;
    } else {
      PIECE.lastIndex = at;
      const [piece = ""] = PIECE.exec(text) ?? [];
      malformed.push(piece);
      at += piece.length;
    }
    // A comma at the very end leaves one more, empty piece.
    at++;
  }
  return { byName, repeated, malformed };
}
