import { expect, test } from "bun:test";
import { changesBetween } from "../config/changes.ts";
import { type ConfigInput, configSchema } from "../config/schema.ts";
import { describeChange, needsRestart } from "./reload.ts";

test.each<[string, ConfigInput, ConfigInput, object]>([
  ["the log's level", {}, { log: "debug" }, { setting: "log", effect: "applied", change: "info -> debug" }],
  [
    "addresses",
    { http: { listen: 80 } },
    { http: { listen: [80, "127.0.0.1:81"] } },
    { setting: "http.listen", effect: "applied", change: "80 -> 80,127.0.0.1:81" },
  ],
  ["no addresses", { rtmp: { listen: 1 } }, { rtmp: { listen: [] } }, { setting: "rtmp.listen", change: "1 -> off" }],
  [
    "what connections begin with",
    {},
    { rtmp: { idleTimeout: 5 } },
    { setting: "rtmp.idleTimeout", effect: "new-connections", change: "30s -> 5s" },
  ],
  [
    "what streams begin with",
    { applications: { a: {} } },
    { applications: { a: { hls: { part: 0.2 } } } },
    { setting: "applications.a.hls.part", effect: "new-streams", running: 2 },
  ],
  [
    "what holds for streams at once",
    { applications: { a: {} } },
    { applications: { a: { backup: { after: 2 } } } },
    { setting: "applications.a.backup.after", effect: "applied", change: "1s -> 2s" },
  ],
  ["an application more", { applications: {} }, { applications: { b: {} } }, { change: "added", effect: "applied" }],
  [
    "an application less, with streams in it",
    { applications: { a: {} } },
    { applications: {} },
    { setting: "applications.a", change: "removed", effect: "new-streams", running: 2 },
  ],
  ["pictures", {}, { pictures: { interval: "3s" } }, { setting: "pictures.interval", effect: "applied" }],
  ["what the server begins with", {}, { state: false }, { setting: "state", effect: "restart" }],
  [
    "long lists, without their content",
    {},
    { http: { locations: [{ path: "/x", root: "/y" }] } },
    { setting: "http.locations", effect: "applied", change: undefined },
  ],
])("says what became of %s", (_, before, after, expected) => {
  const changes = changesBetween(configSchema.parse(before), configSchema.parse(after));
  expect(changes.length).toBe(1);
  for (const change of changes) {
    const said = describeChange(change, (name) => (name === "a" ? 2 : 0));
    expect(said).toMatchObject(expected);
    expect(needsRestart(change)).toBe(said.effect === "restart");
  }
});
