import type { BunFile } from "bun";
import { projectPath } from "./project.ts";
import { LOOK_EVERY_MS } from "./watched-player.ts";

/** What plays in a browser: hls.js, Shaka Player (HLS and DASH), dash.js, or the browser's own HLS. */
export type PagePlayer = "native" | "hls" | "shaka" | "dash";

/** A page with nothing but a video that plays a playlist or a manifest. Its state is `window.watched`. */
export class PlayerPage implements Disposable {
  readonly #server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: (request) => {
      const { pathname } = new URL(request.url);
      const script = SCRIPTS.get(pathname);
      if (script) return new Response(script());
      if (pathname === "/") return new Response(PAGE, { headers: { "content-type": "text/html; charset=utf-8" } });
      return new Response(null, { status: 204 });
    },
  });

  /** Address of the page that plays `playlist`. @param config settings of the player, where it is a library */
  url(playlist: string, player: PagePlayer, config: object = {}): string {
    const query = new URLSearchParams({ playlist, player, config: JSON.stringify(config) });
    return `http://127.0.0.1:${this.#server.port}/?${query}`;
  }

  [Symbol.dispose](): void {
    void this.#server.stop(true);
  }
}

const SCRIPTS: ReadonlyMap<string, () => BunFile> = new Map([
  ["/hls.js", () => Bun.file(projectPath("node_modules/hls.js/dist/hls.min.js"))],
  ["/dash.js", () => Bun.file(projectPath("node_modules/dashjs/dist/modern/umd/dash.all.min.js"))],
  ["/shaka.js", () => Bun.file(projectPath("node_modules/shaka-player/dist/shaka-player.compiled.js"))],
]);

/** Every error of a player, also one that it recovers from, goes to the console; those it does not, to `watched.failures`. */
const PAGE = `<!doctype html><title>player</title><video muted autoplay playsinline></video>
<script src="/hls.js"></script>
<script src="/shaka.js"></script>
<script src="/dash.js"></script>
<script>
  const video = document.querySelector("video");
  const { playlist, player, config } = Object.fromEntries(new URLSearchParams(location.search));
  const settings = JSON.parse(config);
  const watched = { looks: [], failures: [], latency: () => undefined };
  window.watched = watched;
  const fail = (...words) => watched.failures.push(words.join(" "));
  setInterval(() => {
    const { totalVideoFrames, droppedVideoFrames } = video.getVideoPlaybackQuality();
    watched.looks.push({ at: Date.now(), pictures: totalVideoFrames - droppedVideoFrames });
  }, ${LOOK_EVERY_MS});
  video.addEventListener("error", () => fail("video", video.error?.code, video.error?.message));
  video.crossOrigin = "anonymous";
  if (player === "native") video.src = playlist;
  else if (player === "shaka") {
    shaka.polyfill.installAll();
    window.shakaPlayer = new shaka.Player();
    const told = (error) => ["shaka", error.code, "severity", error.severity, error.stack?.slice(0, 300), JSON.stringify(error.data ?? "").slice(0, 300), video.error?.message];
    const failed = (error) => {
      console.error(...told(error));
      if (error.severity !== shaka.util.Error.Severity.RECOVERABLE) fail(...told(error));
    };
    shakaPlayer.addEventListener("error", ({ detail }) => failed(detail));
    watched.latency = () => (Date.now() - shakaPlayer.getPlayheadTimeAsDate()) / 1000;
    shakaPlayer.configure(settings);
    shakaPlayer.attach(video).then(() => shakaPlayer.load(playlist)).catch(failed);
  } else if (player === "dash") {
    window.dashPlayer = dashjs.MediaPlayer().create();
    dashPlayer.updateSettings(settings);
    dashPlayer.on("error", ({ error }) => {
      console.error("dash.js", error.code, error.message);
      fail("dash.js", error.code, error.message);
    });
    watched.latency = () => dashPlayer.getCurrentLiveLatency();
    dashPlayer.initialize(video, playlist, true);
  } else {
    window.hls = new Hls(settings);
    hls.on(Hls.Events.ERROR, (_, data) => {
      const words = ["hls.js", data.type, data.details, data.fatal, data.reason ?? data.error?.message ?? ""];
      console.error(...words);
      if (data.fatal) fail(...words);
    });
    watched.latency = () => hls.latency;
    hls.loadSource(playlist);
    hls.attachMedia(video);
  }
</script>`;
