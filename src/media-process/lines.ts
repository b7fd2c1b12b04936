/** Longer lines are cut: they are for a log. */
const MAX_LINE = 2_000;

/** Hands on the lines of a text as they come; rejects when the stream fails. */
export async function readLines(stream: ReadableStream<Uint8Array>, onLine: (line: string) => void): Promise<void> {
  const decoder = new TextDecoder();
  let rest = "";
  const hand = (line: string) => {
    if (line !== "") onLine(line.slice(0, MAX_LINE));
  };
  for await (const chunk of stream) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = (lines.pop() ?? "").slice(0, MAX_LINE);
    for (const line of lines) hand(line);
  }
  hand(rest);
}
