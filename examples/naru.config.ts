import { defineConfig } from "naru";

export default defineConfig({
  rtmp: { listen: 1935 },
  http: { listen: [8080] },
  applications: {
    // Low latency for events: parts of a third of a second, keyframes every second.
    live: {
      secondPublisher: "replace",
      hls: { part: "333ms", segment: "1s", window: "30s" },
    },
    // Ordinary MPEG-TS, also as files for a web server in front.
    tv: {
      hls: { format: "mpegts", segment: "4s", window: "1m", path: "/tmp/naru-example/tv", nested: true },
    },
    // Any other name, with the defaults.
    "*": {},
  },
});
