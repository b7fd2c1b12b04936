import { formatOrigin } from "../app/addresses.ts";
import type { Server } from "../app/server.ts";
import type { LoadedConfig } from "../config/load.ts";
import { servedPlaylist } from "./served-files.ts";
import type { Style } from "./terminal.ts";

/**
 * What the operator sees once the server listens: what to paste into the encoder, and where to watch.
 * @param command what starts `naru` here
 */
export function readyText(
  server: Pick<Server, "rtmp" | "http">,
  loaded: Pick<LoadedConfig, "config" | "file">,
  style: Style,
  { tookMs, command }: { readonly tookMs: number; readonly command: string },
): string {
  const lines = [
    "",
    `${style.bold("naru is ready")} ${style.dim(`(${Math.round(tookMs)} ms${loaded.file ? `, ${loaded.file}` : ""})`)}`,
    "",
  ];
  const row = (label: string, value: string, note = "") =>
    lines.push(`  ${style.dim(label.padEnd(10))} ${value}${note && style.dim(`   ${note}`)}`);

  const { applications, http: site } = loaded.config;
  const application = exampleApplication(loaded);
  const hls = (applications[application ?? ""] ?? applications["*"])?.hls;
  const [rtmp] = server.rtmp;
  const [http] = server.http;
  if (!rtmp) {
    row("Publish", "RTMP is off");
  } else if (application === undefined) {
    row("Publish", `${formatOrigin("rtmp", rtmp)}, but no application takes streams: see applications`);
  } else {
    row(
      "Publish",
      style.cyan(`${formatOrigin("rtmp", rtmp)}/${application}`),
      "the server, in OBS: Settings > Stream > Custom",
    );
    row("", style.cyan("test"), "the stream key; any name you like");
  }
  if (http) {
    const origin = formatOrigin("http", http);
    if (application !== undefined && hls?.enabled) {
      if (site.pages) row("Watch", style.cyan(`${origin}/${application}/test`), "in a browser");
      row("Playlist", style.cyan(`${origin}/${application}/test/index.m3u8`), "for VLC, ffplay and other players");
      const served = servedPlaylist(hls, "test", site);
      for (const path of served?.paths ?? []) row("", style.cyan(`${origin}${path}`), `also in ${hls.path}`);
    }
    if (site.pages) row("Streams", style.cyan(`${origin}/`), "what is live now");
    else row("Streams", style.cyan(`${origin}/api/streams`), "what is live now, for programs");
  } else {
    row("Watch", "HTTP is off");
  }
  lines.push("", `  ${style.dim("No encoder at hand? In another terminal:")} ${command} demo`, "");
  return `${lines.join("\n")}\n`;
}

/** An application that takes streams, for the examples shown; one with HLS, and `live`, if possible. */
function exampleApplication({ config }: Pick<LoadedConfig, "config">): string | undefined {
  const live = Object.entries(config.applications).filter(([, application]) => application.live);
  const watched = live.filter(([, { hls }]) => hls.enabled);
  const names = (watched.length > 0 ? watched : live).map(([name]) => name);
  if (names.includes("live")) return "live";
  const named = names.find((name) => name !== "*");
  return named ?? (names.includes("*") && !Object.hasOwn(config.applications, "live") ? "live" : undefined);
}
