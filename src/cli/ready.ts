import { formatOrigin } from "../app/addresses.ts";
import type { Server } from "../app/server.ts";
import type { LoadedConfig } from "../config/load.ts";
import type { Style } from "./terminal.ts";

/** What the operator sees once the server listens: what to paste into the encoder, and where to watch. */
export function readyText(server: Server, loaded: LoadedConfig, style: Style, tookMs: number): string {
  const lines = [
    "",
    `${style.bold("naru is ready")} ${style.dim(`(${Math.round(tookMs)} ms${loaded.file ? `, ${loaded.file}` : ""})`)}`,
    "",
  ];
  const row = (label: string, value: string, note = "") =>
    lines.push(`  ${style.dim(label.padEnd(10))} ${value}${note && style.dim(`   ${note}`)}`);

  const application = exampleApplication(loaded);
  const [rtmp] = server.rtmp;
  const [http] = server.http;
  if (rtmp) {
    row(
      "Publish",
      style.cyan(`${formatOrigin("rtmp", rtmp)}/${application}`),
      "the server, in OBS: Settings > Stream > Custom",
    );
    row("", style.cyan("test"), "the stream key; any name you like");
  } else {
    row("Publish", "RTMP is off");
  }
  if (http) {
    const origin = formatOrigin("http", http);
    row("Watch", style.cyan(`${origin}/${application}/test`), "in a browser");
    row("Playlist", style.cyan(`${origin}/${application}/test/index.m3u8`), "for VLC, ffplay and other players");
    for (const { url, directory } of directoryPlaylists(loaded))
      row("", style.cyan(`${origin}${url}`), `also in ${directory}`);
    row("Streams", style.cyan(`${origin}/`), "what is live now");
  } else {
    row("Watch", "HTTP is off");
  }
  lines.push("", `  ${style.dim("No encoder at hand? In another terminal:")} npm run demo`, "");
  return `${lines.join("\n")}\n`;
}

/** An application that takes streams, for the examples shown. */
function exampleApplication({ config }: LoadedConfig): string {
  const names = Object.keys(config.applications).filter((name) => name !== "*" && config.applications[name]?.live);
  return names.includes("live") ? "live" : (names[0] ?? "live");
}

/** Playlists that lie in a directory which a location serves: their URL, with the key `test`. */
function directoryPlaylists({ config }: LoadedConfig): { url: string; directory: string }[] {
  const found: { url: string; directory: string }[] = [];
  for (const { hls } of Object.values(config.applications)) {
    if (!hls.enabled || hls.path === undefined) continue;
    const name = hls.nested ? "test/index.m3u8" : "test.m3u8";
    for (const { path, root, alias } of config.http.locations) {
      const directory = hls.path.replace(/\/+$/, "");
      const base =
        root !== undefined
          ? `${root.replace(/\/+$/, "")}${path}`.replace(/\/+$/, "")
          : (alias ?? "").replace(/\/+$/, "");
      if (directory === base) found.push({ url: `${path.replace(/\/+$/, "")}/${name}`, directory });
    }
  }
  return found;
}
