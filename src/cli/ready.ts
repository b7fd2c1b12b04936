import { formatOrigin } from "../app/addresses.ts";
import type { Server } from "../app/server.ts";
import type { LoadedConfig } from "../config/load.ts";
import type { ListenAddress } from "../config/units.ts";
import { servedPlaylist } from "./served-files.ts";
import type { Style } from "./terminal.ts";

/**
 * What the operator sees once the server listens: what to paste into the encoder, and where to watch.
 * @param command what starts `naru` here
 */
export function readyText(
  server: Pick<Server, "rtmp" | "http" | "rtmps" | "https" | "certificateOrigin">,
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

  const { applications, http: site, tls } = loaded.config;
  const application = exampleApplication(loaded);
  const hls = (applications[application ?? ""] ?? applications["*"])?.hls;
  const [rtmp] = server.rtmp;
  const [http] = server.http;
  const [rtmps] = server.rtmps;
  const [https] = server.https;
  const secureOrigin = https && formatOrigin("https", namedAddress(https, server.certificateOrigin, tls.acme.domains));
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
    if (rtmps) row("", style.cyan(`${formatOrigin("rtmps", rtmps)}/${application}`), "the same over TLS");
    row("", style.cyan("test"), "the stream key; any name you like");
  }
  const origin = http ? formatOrigin("http", http) : secureOrigin;
  if (origin) {
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
  if (secureOrigin) {
    const path = site.pages ? "/" : "/api/streams";
    row("HTTPS", style.cyan(`${secureOrigin}${path}`), certificateNote(server.certificateOrigin, tls.acme.domains));
  }
  lines.push("", `  ${style.dim("No encoder at hand? In another terminal:")} ${command} demo`, "");
  return `${lines.join("\n")}\n`;
}

/** A certificate of an authority is for a name, not for the address. */
function namedAddress(address: ListenAddress, origin: Server["certificateOrigin"], domains: readonly string[]) {
  const [domain] = domains;
  return origin === "acme" && domain !== undefined ? { ...address, host: domain } : address;
}

function certificateNote(origin: Server["certificateOrigin"], domains: readonly string[]): string {
  if (origin !== "self-signed") return "the same by HTTP/2 and HTTP/3";
  const until =
    domains.length > 0 ? "until the authority has given a certificate" : "as the certificate is self-signed";
  return `browsers warn ${until}`;
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
