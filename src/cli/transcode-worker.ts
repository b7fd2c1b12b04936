import { defineCommand } from "citty";

/** What the server starts for each stream that is encoded; not for people. */
export default defineCommand({
  meta: { name: "transcode-worker", description: "Encodes for a server that has started it.", hidden: true },
  args: { probe: { type: "boolean", description: "Print what can be encoded with, as JSON." } },
  async run({ args }) {
    if (!args.probe) return (await import("../transcode/child/main.ts")).runTranscoder();
    const { probeEncoders } = await import("../transcode/child/probe.ts");
    process.stdout.write(`${JSON.stringify(await probeEncoders())}\n`);
  },
});
