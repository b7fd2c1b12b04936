/** A line of a playlist, as it stands there. */
export type PlaylistLine = {
  /** From 1. */
  readonly number: number;
  /** Without its line break. */
  readonly text: string;
  readonly kind: "tag" | "uri" | "comment" | "blank";
  /** Name of the tag without `#`, such as `EXT-X-PART`; empty for other lines. */
  readonly tag: string;
  /** What stands behind the colon; undefined without a colon. */
  readonly value: string | undefined;
};

/** The text of a playlist, whatever is wrong with it. */
export type PlaylistDocument = {
  readonly lines: readonly PlaylistLine[];
  readonly byteOrderMark: boolean;
  readonly validUtf8: boolean;
};

/** Takes any text apart; nothing is too broken for it. */
export function readDocument(text: string | Uint8Array): PlaylistDocument {
  const { decoded, validUtf8 } = typeof text === "string" ? { decoded: text, validUtf8: true } : decode(text);
  const byteOrderMark = decoded.startsWith("\ufeff");
  const lines = (byteOrderMark ? decoded.slice(1) : decoded).split("\n");
  // The line break behind the last line does not begin another.
  if (lines.at(-1) === "") lines.pop();
  return {
    lines: lines.map((line, index) => readLine(line.endsWith("\r") ? line.slice(0, -1) : line, index + 1)),
    byteOrderMark,
    validUtf8,
  };
}

/** The tags of one name, in their order. */
export function tagsNamed(document: PlaylistDocument, ...names: string[]): PlaylistLine[] {
  return document.lines.filter((line) => line.kind === "tag" && names.includes(line.tag));
}

function readLine(text: string, number: number): PlaylistLine {
  const trimmed = text.trim();
  if (trimmed === "") return { number, text, kind: "blank", tag: "", value: undefined };
  if (!trimmed.startsWith("#")) return { number, text, kind: "uri", tag: "", value: undefined };
  if (!trimmed.startsWith("#EXT")) return { number, text, kind: "comment", tag: "", value: undefined };
  const colon = trimmed.indexOf(":");
  return colon < 0
    ? { number, text, kind: "tag", tag: trimmed.slice(1), value: undefined }
    : { number, text, kind: "tag", tag: trimmed.slice(1, colon), value: trimmed.slice(colon + 1) };
}

function decode(bytes: Uint8Array): { decoded: string; validUtf8: boolean } {
  try {
    return { decoded: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes), validUtf8: true };
  } catch {
    return { decoded: new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes), validUtf8: false };
  }
}
