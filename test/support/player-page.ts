import { projectPath } from "./project.ts";

/** A page with nothing but a video: plays a playlist with hls.js as it comes, or with the browser's own HLS. */
export class PlayerPage implements Disposable {
  readonly #server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: (request) => {
      const { pathname } = new URL(request.url);
      if (pathname === "/hls.js") return new Response(Bun.file(projectPath("node_modules/hls.js/dist/hls.min.js")));
      if (pathname === "/") return new Response(PAGE, { headers: { "content-type": "text/html; charset=utf-8" } });
      return new Response(null, { status: 204 });
    },
  });

  /** Address of the page that plays `playlist`. */
  url(playlist: string, player: "native" | "hls"): string {
    return `http://127.0.0.1:${this.#server.port}/?${new URLSearchParams({ playlist, player })}`;
  }

  [Symbol.dispose](): void {
    void this.#server.stop(true);
  }
}

/** Every error of hls.js, also one that it recovers from, goes to the console. */
const PAGE = `<!doctype html><title>player</title><video muted autoplay playsinline></video>
<script src="/hls.js"></script>
<script>
  const video = document.querySelector("video");
  const { playlist, player } = Object.fromEntries(new URLSearchParams(location.search));
  if (player === "native") video.src = playlist;
  else {
    window.hls = new Hls();
    hls.on(Hls.Events.ERROR, (_, data) => console.error("hls.js", data.type, data.details, data.fatal, data.reason ?? data.error?.message ?? ""));
    hls.loadSource(playlist);
    hls.attachMedia(video);
  }
</script>`;
