import { describe, expect } from "bun:test";
import { type FlvTag, TagType } from "../../src/formats/flv/tag.ts";
import type { RelayStatus } from "../../src/relay/status.ts";
import { AuthenticatingServer, PASSWORD } from "../support/authenticating-server.ts";
import { decodeWithFfmpeg, publishWithFfmpeg } from "../support/clients/ffmpeg.ts";
import { startNginx } from "../support/clients/nginx.ts";
import { readFlv, ScriptedPublisher } from "../support/clients/scripted-publisher.ts";
import { clip } from "../support/clips.ts";
import { TemporaryDirectory } from "../support/directory.ts";
import { startNaru } from "../support/naru.ts";
import { PausableRelay } from "../support/pausable-relay.ts";
import { compareTimes, faultsOf } from "../support/playback.ts";
import { freePort } from "../support/ports.ts";
import { run, sleep, until } from "../support/process.ts";
import { testWith } from "../support/requires.ts";
import { RtmpPlayer } from "../support/rtmp-player.ts";

const SECONDS = 2;
const FILLER_BYTES = 100_000;
/** For how long the target is away; longer by hand. */
const AWAY_MS = Number(process.env.TEST_SECONDS ?? 1) * 1000;

async function nginxWith(applications: string, port?: number) {
  const rtmp = port ?? (await freePort());
  const http = await freePort();
  const blocks = `rtmp { server { listen 127.0.0.1:${rtmp}; ${applications} } } http { server { listen 127.0.0.1:${http}; } }`;
  return { rtmp, nginx: await startNginx(blocks, http) };
}

const publishing = async (url: string, of: "h264-aac" = "h264-aac") =>
  publishWithFfmpeg(await clip(of), url, { loop: true });
const complaintsOf = (complaints: readonly string[]) =>
  complaints.filter((line) => !/Cannot reuse|deprecated/.test(line));

/** A clip whose pictures are filled up (ITU-T H.264 7.4.1, type 12) to some 25 Mbit/s: what the system keeps for a socket is soon full. */
async function heavyTags(): Promise<readonly FlvTag[]> {
  using directory = new TemporaryDirectory();
  const file = directory.join("clip.flv");
  await run("ffmpeg", ["-v", "error", "-i", await clip("h264-aac"), "-c", "copy", file]);
  const filler = new Uint8Array(4 + FILLER_BYTES).fill(0xff);
  new DataView(filler.buffer).setUint32(0, FILLER_BYTES);
  filler[4] = 12;
  const isPicture = ({ type, body }: FlvTag) => type === TagType.video && body[1] === 1;
  return readFlv(file).map((tag) => (isPicture(tag) ? { ...tag, body: Buffer.concat([tag.body, filler]) } : tag));
}

/** Between two messages of a stream that is sent in real time. */
class LargestGap {
  messages = 0;
  longest = 0;
  #last: number | undefined;

  arrived(at: number): void {
    this.messages++;
    this.longest = Math.max(this.longest, at - (this.#last ?? at));
    this.#last = at;
  }
}

describe("relays", () => {
  testWith("ffmpeg", "nginx")(
    "push to a real nginx-rtmp, and pull from it on demand: the same pictures and sound",
    async () => {
      const { rtmp, nginx } = await nginxWith("application live { live on; wait_video on; }");
      await using _nginx = nginx;
      await using naru = await startNaru({
        nginxConf: (ports) => `rtmp { server { listen 127.0.0.1:${ports.rtmp};
          application live { live on; push rtmp://localhost:${rtmp}; }
          application back { live on; pull rtmp://127.0.0.1:${rtmp}/live; } } }
          http { server { listen 127.0.0.1:${ports.http}; location /stat { rtmp_stat all; } location /control { rtmp_control all; } } }`,
      });
      await using _publishing = await publishing(naru.publishUrl("live/test"));
      await naru.process.waitFor(/push started/, 10_000);
      const urls = [`rtmp://127.0.0.1:${rtmp}/live/test`, naru.publishUrl("back/test")];
      const [source, ...played] = await Promise.all([
        decodeWithFfmpeg(await clip("h264-aac"), 60),
        ...urls.map((url) => decodeWithFfmpeg(url, SECONDS)),
      ]);
      for (const decoded of played) {
        expect(faultsOf({ ...decoded, complaints: complaintsOf(decoded.complaints) }, SECONDS)).toEqual([]);
        expect(compareTimes(source.frames, decoded.frames).matchedVideo).toBeGreaterThan(SECONDS * 15);
      }
      expect(naru.process.output.match(/pull started path=back\/test/g)?.length).toBe(1);

      // As nginx-rtmp shows its own: by the address of the other server, a push as a player, a pull as the publisher.
      const asked = async (path: string) => (await fetch(`${naru.http}${path}`)).text();
      const clients = (await asked("/stat")).match(/<client>.*ngx-local-relay.*<\/client>/g) ?? [];
      const relay = (address: string, flags: string) =>
        new RegExp(
          `^<client><id>\\d+</id><address>${address}</address><time>\\d+</time><flashver>ngx-local-relay</flashver>` +
            `<dropped>0</dropped><avsync>-?\\d+</avsync><timestamp>\\d{3,}</timestamp>${flags}</client>$`,
        );
      expect(clients[0]).toMatch(relay(`localhost:${rtmp}`, "<active/>"));
      expect(clients[1]).toMatch(relay(`127.0.0.1:${rtmp}/live`, "<publishing/><active/>"));
      const { relays } = JSON.parse(await asked("/api/relays"));
      expect(relays).toMatchObject([
        { direction: "push", stream: "live/test", state: "running", stalledMs: 0, dropped: 0 },
        { direction: "pull", stream: "back/test", state: "running" },
      ]);
      expect(await asked("/control/drop/subscriber?app=live&name=test")).toBe("1");
      await naru.process.waitFor(/push failed path=live\/test .*reason="dropped by order"/);
      await until("it is pushed again", 5000, async () => {
        const [push] = JSON.parse(await asked("/api/relays")).relays;
        return (push.state === "running" && push.attempts === 2 && push.id > relays[0].id) || undefined;
      });
    },
    40_000,
  );

  testWith("ffmpeg")(
    "between two narus by RTMPS, pulled by who asks for the playlist; a certificate that nobody vouches for is not taken",
    async () => {
      await using source = await startNaru({ tls: true });
      const url = (path: string) => source.securePublishUrl(path);
      await using naru = await startNaru({
        config: {
          applications: {
            live: { pull: [{ url: url("live"), insecure: true }] },
            strict: { pull: [url("live")] },
          },
        },
      });
      await using _publishing = await publishing(source.publishUrl("live/test"));
      await source.process.waitFor(/publish started/);
      const playlist = fetch(naru.playlistUrl("live/test"));
      await naru.process.waitFor(/pull started path=live\/test target=rtmps/);
      const asking = new AbortController();
      fetch(naru.playlistUrl("strict/test"), { signal: asking.signal }).catch(() => {});
      await naru.process.waitFor(/pull failed path=strict\/test .*certificate/, 10_000);
      asking.abort();
      await until("it is said that it is not there", 5000, async () => {
        return (await fetch(naru.playlistUrl("strict/test"))).status === 404 || undefined;
      });
      expect(await (await playlist).text()).toMatch(/CODECS="avc1[^"]*,mp4a/);
    },
    40_000,
  );

  testWith("ffmpeg")(
    "loops are refused, another application of the same server is none, and an encoder may come back",
    async () => {
      const [first, second] = [await freePort(), await freePort()];
      const applications = (port: number) => ({
        live: { push: [`rtmp://127.0.0.1:${port}/live`, `rtmp://127.0.0.1:${first}/copy`] },
        copy: {},
      });
      await using a = await startNaru({ ports: { rtmp: first }, config: { applications: applications(second) } });
      await using b = await startNaru({ ports: { rtmp: second }, config: { applications: applications(first) } });
      const publisher = await publishing(a.publishUrl("live/test"));
      await b.process.waitFor(/push failed path=live\/test .*a relay loop/, 10_000);
      await a.process.waitFor(/publish started path=copy\/test/);
      await b.process.waitFor(/publish started path=live\/test/);
      expect(a.process.output).toMatch(/publish refused .*code=relay-loop/);

      await publisher.stop("SIGKILL");
      await a.process.waitFor(/publish ended path=live\/test/);
      await using _again = await publishing(a.publishUrl("live/test"));
      expect((await decodeWithFfmpeg(b.publishUrl("live/test"), 1)).frames.length).toBeGreaterThan(30);
      // By the connections that were there.
      expect(b.process.output.match(/publish started path=live/g)?.length).toBe(1);
    },
    40_000,
  );

  testWith("ffmpeg")(
    "a target that never reads, and one that is away: neither is noticed by the others, and both come back",
    async () => {
      const silent = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
      const target = await freePort();
      const receiver = () => startNaru({ ports: { rtmp: target } });
      await using naru = await startNaru({
        config: {
          applications: {
            live: {
              push: [
                `rtmp://127.0.0.1:${silent.port}/app/secretkey`,
                { url: `rtmp://127.0.0.1:${target}/live`, reconnect: "500ms" },
              ],
            },
          },
        },
      });
      try {
        await using _publishing = await publishing(naru.publishUrl("live/test"));
        {
          await using there = await receiver();
          await there.process.waitFor(/publish started path=live\/test/);
        }
        await naru.process.waitFor(/push failed .*nobody listens/, 10_000);
        await sleep(AWAY_MS);
        await using back = await receiver();
        await back.process.waitFor(/publish started path=live\/test/, 20_000);
        // It is given up after 10 s.
        if (AWAY_MS >= 10_000) await naru.process.waitFor(/push failed .*did not let the publish begin/, 10_000);
        expect(naru.process.output).not.toContain("secretkey");
      } finally {
        silent.stop(true);
      }
    },
    60_000 + AWAY_MS,
  );

  testWith("ffmpeg")(
    "a target that stops reading is seen to, given up, and taken again; others do not notice",
    async () => {
      const tags = await heavyTags();
      const port = await freePort();
      using slow = await PausableRelay.listen(port);
      const push = [`rtmp://127.0.0.1:${slow.port}/slow`, `rtmp://127.0.0.1:${port}/copy`];
      await using naru = await startNaru({
        ports: { rtmp: port },
        config: { rtmp: { sendTimeout: "2s" }, applications: { live: { push }, slow: {}, copy: {} } },
      });
      await using _publishing = await ScriptedPublisher.publish({ port, path: "live/test", tags });
      await naru.process.waitFor(/publish started path=slow\/test/);
      await naru.process.waitFor(/publish started path=copy\/test/);
      const gaps = { live: new LargestGap(), copy: new LargestGap() };
      const players = (["live", "copy"] as const).map(
        (app) => new RtmpPlayer({ port, app, name: "test" }, (_, at) => gaps[app].arrived(at)),
      );
      const slowPush = async () => {
        const { relays } = (await (await fetch(`${naru.http}/api/relays`)).json()) as { relays: RelayStatus[] };
        return relays.find(({ target }) => target.includes(`${slow.port}`));
      };
      slow.pause();
      await until(
        "it is seen that nothing is taken",
        20_000,
        async () => ((await slowPush())?.stalledMs ?? 0) > 500 || undefined,
      );
      await naru.process.waitFor(/push failed path=live\/test .*has not read what it is sent for 2 s/, 10_000);
      expect(await slowPush()).toMatchObject({ lastError: "the server has not read what it is sent for 2 s" });
      slow.resume();
      await until("it is pushed again", 15_000, async () => {
        const { state, stalledMs } = (await slowPush()) ?? {};
        return (state === "running" && stalledMs === 0) || undefined;
      });
      for (const player of players) player.close();
      expect(naru.process.output.match(/publish started path=copy\/test/g)?.length).toBe(1);
      for (const { messages, longest } of Object.values(gaps)) {
        expect(messages).toBeGreaterThan(60);
        expect(longest).toBeLessThan(1500);
      }
    },
    60_000,
  );

  for (const module of ["adobe", "llnw"] as const) {
    testWith("ffmpeg")(
      `authmod=${module}: lets in who has the password, as it does ffmpeg`,
      async () => {
        await using server = new AuthenticatingServer(module);
        {
          await using _ffmpeg = await publishing(server.url(PASSWORD));
          await until("ffmpeg publishes", 10_000, async () => server.media > 10 || undefined);
        }
        const before = server.media;
        await using naru = await startNaru({
          config: {
            applications: {
              live: { push: [server.url(PASSWORD)] },
              wrong: { push: [server.url("guessed")] },
            },
          },
        });
        await using _publishing = await publishing(naru.publishUrl("live/test"));
        await using _other = await publishing(naru.publishUrl("wrong/test"));
        await until("naru publishes", 10_000, async () => server.media > before + 10 || undefined);
        await naru.process.waitFor(/push failed path=wrong\/test .*user and the password/, 10_000);
        expect(naru.process.output).not.toMatch(/editor|opensesame9|guessed/);
      },
      40_000,
    );
  }
});
