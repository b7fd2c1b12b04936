import { defineConfig } from "naru";

/** Stream keys by name; where they come from is yours. */
const keys = new Map([["main", process.env.MAIN_KEY]]);

export default defineConfig({
  hooks: {
    // Without an answer in this time nobody is let in.
    timeout: "3s",
    onFailure: "deny",
  },
  applications: {
    live: {
      hooks: {
        // rtmp://server/live with the stream key main?key=...
        onPublish: ({ name, query }) => {
          const key = new URLSearchParams(query).get("key");
          if (key === null || key !== keys.get(name)) return { deny: "wrong stream key" };
        },
        // Signed as Standard Webhooks has it; told again when it does not answer.
        onDone: { url: "http://127.0.0.1:9000/hooks", secret: process.env.HOOK_SECRET ?? "change me" },
      },
    },
  },
});
