import { expect, test } from "bun:test";
import type { Client } from "../streams/client.ts";
import type { HookDetails, HookEvent } from "./event.ts";
import { formatNginxForm } from "./nginx-form.ts";

const client: Client = {
  id: 7,
  protocol: "rtmp",
  address: "127.0.0.1",
  remote: "127.0.0.1:50000",
  port: 1935,
  connectedAt: 35_926_813.7,
  app: "live",
  query: "k=1",
  flashVer: "FMLE/3.0 (compatible; Lavf59.27.100)",
  swfUrl: "",
  tcUrl: "rtmp://127.0.0.1:1935/live?k=1",
  pageUrl: "",
};
const stream = {
  path: "live/new",
  app: "live",
  name: "new",
  askedName: "te%20st",
  query: "k=1&b=2",
  args: "b=2",
  client,
};
const counted = { seconds: 2.9, bytesIn: 1, bytesOut: 2 };
const before =
  "app=live&flashver=FMLE/3.0%20(compatible%3B%20Lavf59.27&swfurl=&tcurl=rtmp://127.0.0.1:1935/live%3Fk=1&pageurl=&addr=127.0.0.1";
const session = `${before}&clientid=7`;

// What nginx 1.22 with nginx-rtmp 1.2.2 sent for the same.
test.each<[HookDetails, string]>([
  [{ type: "connect", client }, `${before}&epoch=35926813&call=connect&k=1`],
  [{ type: "disconnect", client }, `${session}&call=disconnect&app=live&k=1`],
  [{ type: "publish", ...stream, publishType: "live" }, `${session}&call=publish&name=te%2520st&type=live&b=2`],
  [
    { type: "play", ...stream, start: -2000, duration: 0, reset: false },
    `${session}&call=play&name=te%2520st&start=4294965296&duration=0&reset=0&b=2`,
  ],
  [{ type: "publish_done", ...stream, ...counted, reason: "" }, `${session}&call=publish_done&name=te%2520st&b=2`],
  [{ type: "play_done", ...stream, ...counted, reason: "" }, `${session}&call=play_done&name=te%2520st&b=2`],
  [{ type: "done", kind: "play", ...stream, ...counted, reason: "" }, `${session}&call=done&name=te%2520st&b=2`],
  [
    { type: "update_publish", ...stream, ...counted, timestamp: 1500 },
    `${session}&call=update_publish&time=2&timestamp=1500&name=te%2520st&b=2`,
  ],
  [
    { type: "record_done", ...stream, recorder: "", file: "/r/te%20st.flv", seconds: 1, bytes: 2, reason: "" },
    `${session}&call=record_done&recorder=&name=te%2520st&path=/r/te%2520st.flv&b=2`,
  ],
])("%o", (details, form) => {
  expect(formatNginxForm({ id: "1", at: "", ...details } as HookEvent)).toBe(form);
});

test("escapes what nginx escapes, and nothing else", () => {
  const event = { type: "publish", ...stream, args: "", publishType: "live" } as const;
  const name = (askedName: string) =>
    /name=(.*)&type/.exec(formatNginxForm({ id: "1", at: "", ...event, askedName }))?.[1];
  expect(name('a,b:c(d)"e<f>{}|^\\[]@!$*~;')).toBe("a,b:c(d)%22e%3Cf%3E%7B%7D%7C%5E%5C[]@!$*~%3B");
  expect(name("한\u0001\u007f&=/`+#")).toBe("%ED%95%9C%01%7F%26=/%60%2B%23");
  expect(name("\ud800")).toBe("%EF%BF%BD");
});
