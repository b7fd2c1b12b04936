import { defineCommand } from "citty";

/** What the server starts when somebody asks for a picture; not for people. */
export default defineCommand({
  meta: { name: "picture-worker", description: "Makes pictures for a server that has started it.", hidden: true },
  run: async () => (await import("../pictures/child/main.ts")).makePictures(),
});
