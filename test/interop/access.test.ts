import { describe, expect } from "bun:test";
import { startNginx } from "../support/clients/nginx.ts";
import { type Naru, startNaru } from "../support/naru.ts";
import { freePort } from "../support/ports.ts";
import { sleep } from "../support/process.ts";
import { RawPeer } from "../support/raw-peer.ts";
import { testWith } from "../support/requires.ts";
import { RtmpScript } from "../support/rtmp-script.ts";

/** Two servers with an application of the same name, and rules at each level. */
const blocks = (first: number, second: number, http: number, play: string) => `
rtmp {
  deny 127.0.0.9;
  server {
    listen 127.0.0.1:${first};
    deny publish 127.0.0.3;
    application live { live on; ${play} allow publish 127.0.0.2; allow 127.0.0.4; deny publish 127.0.0.0/29; }
    application open { live on; ${play} }
  }
  server {
    listen 127.0.0.1:${second};
    application live { live on; ${play} deny play all; }
  }
}
http { server { listen 127.0.0.1:${http}; location / { root /nonexistent; } } }
`;

type Case = { readonly server: 0 | 1; readonly app: string; readonly from: string; readonly may: "publish" | "play" };
const CASES: readonly Case[] = ([0, 1] as const).flatMap((server) =>
  ["live", "open"].flatMap((app) =>
    [1, 2, 3, 4, 9].flatMap((host) =>
      (["publish", "play"] as const).map((may) => ({ server, app, from: `127.0.0.${host}`, may })),
    ),
  ),
);

/** Who is refused is closed before, in milliseconds. */
const STAYS = 1000;

/** Whether a client that comes from there is let in. */
async function isLetIn(port: number, { app, from, may }: Case): Promise<boolean> {
  using peer = await RawPeer.connect(port, from);
  const script = new RtmpScript();
  const request = [`key-${from}`, may === "publish" ? "live" : -2000];
  // nginx-rtmp does not take a publish before it has answered connect.
  const steps = [
    script.connect({ app, tcUrl: `rtmp://127.0.0.1/${app}` }),
    script.command(0, "createStream", 2, null),
    script.command(1, may, 3, null, ...request),
  ];
  peer.write(script.handshake());
  for (const step of steps) {
    await sleep(15);
    peer.write(step);
  }
  // nginx-rtmp may say that it has started to whom it then refuses.
  if ((await peer.closedWithin(STAYS)) !== undefined) return false;
  const codes = new RtmpScript()
    .readCommands(new Uint8Array(await peer.receive(0)))
    .flatMap(({ name, args }) => (name === "onStatus" ? [String((args[0] as { code?: unknown }).code)] : []));
  if (!codes.some((code) => code.endsWith(".Start"))) throw new Error(`neither let in nor refused: ${codes.join()}`);
  return true;
}

const outcomes = (ports: readonly [number, number]) =>
  Promise.all(CASES.map(async (one) => `${Object.values(one).join(" ")}: ${await isLetIn(ports[one.server], one)}`));

describe("who is let in, by address, server and application", () => {
  testWith("nginx")(
    "is as with nginx-rtmp",
    async () => {
      const ports = { first: await freePort(), second: await freePort(), http: await freePort() };
      const second = await freePort();
      await using nginx = await startNginx(blocks(ports.first, ports.second, ports.http, ""), ports.http);
      await using naru = await startNaru({ nginxConf: ({ rtmp, http }) => blocks(rtmp, second, http, "") });
      const expected = await outcomes([ports.first, ports.second]);
      expect(nginx.process.exitCode).toBeUndefined();
      expect(expected.filter((line) => line.endsWith("true")).length).toBeGreaterThan(10);
      expect(expected.filter((line) => line.endsWith("false")).length).toBeGreaterThan(10);
      const { port } = rtmpOf(naru);
      expect(await outcomes([port, second])).toEqual(expected);
    },
    60_000,
  );
});

const rtmpOf = (naru: Naru) => ({ port: Number(new URL(naru.publishUrl("live/test")).port) });
