import type { Stat, StatApplication, StatClient, StatMeta, StatStream } from "./stat.ts";
import type { Traffic } from "./traffic.ts";

/** What rtmp_stat can show; `all` also shows the players of files. */
export type StatPart = "all" | "global" | "live" | "clients";

/**
 * The XML of nginx-rtmp's statistics: elements, their order and their meaning.
 * @param stylesheet named in the XML; none when empty
 */
export function formatStatXml(stat: Stat, show: readonly StatPart[], stylesheet: string): string {
  const shows = (part: StatPart) => show.includes("all") || show.includes(part);
  const { version, traffic } = stat;
  const lines = ['<?xml version="1.0" encoding="utf-8" ?>'];
  if (stylesheet !== "") lines.push(`<?xml-stylesheet type="text/xsl" href="${escapeText(stylesheet)}" ?>`);
  lines.push(
    "<rtmp>",
    element("nginx_version", `naru ${version}`),
    element("nginx_rtmp_version", version),
    element("built", stat.built),
    element("pid", stat.pid),
    element("uptime", stat.uptime),
    element("naccepted", stat.accepted),
    ...trafficLines(traffic),
  );
  for (const applications of stat.servers) {
    lines.push("<server>");
    for (const application of applications) lines.push(...applicationLines(application, shows));
    lines.push("</server>");
  }
  lines.push("</rtmp>", "");
  return lines.join("\n");
}

function applicationLines({ name, live, play }: StatApplication, shows: (part: StatPart) => boolean): string[] {
  const lines = ["<application>", element("name", name)];
  if (live && shows("live")) {
    lines.push("<live>");
    for (const stream of live) lines.push(...streamLines(stream, shows("clients")));
    lines.push(element("nclients", countClients(live)), "</live>");
  }
  if (play && shows("all")) {
    lines.push("<play>");
    for (const stream of play) lines.push(...fileLines(stream));
    lines.push(element("nclients", countClients(play)), "</play>");
  }
  return [...lines, "</application>"];
}

function streamLines(stream: StatStream, withClients: boolean): string[] {
  const { name, time, traffic, audioBits, videoBits, clients, meta, publishing, active } = stream;
  return [
    "<stream>",
    element("name", name),
    element("time", time),
    ...trafficLines(traffic),
    element("bw_audio", audioBits),
    element("bw_video", videoBits),
    ...(withClients ? clients.map(clientLine) : []),
    ...(meta ? [metaLine(meta)] : []),
    element("nclients", clients.length),
    ...(publishing ? ["<publishing/>"] : []),
    ...(active ? ["<active/>"] : []),
    "</stream>",
  ];
}

function fileLines({ name, clients }: StatStream): string[] {
  const client = (one: StatClient) => `<client>${who(one)}${element("timestamp", one.timestamp)}</client>`;
  return [
    "<stream>",
    element("name", name),
    ...clients.map(client),
    "<active/>",
    element("nclients", clients.length),
    "</stream>",
  ];
}

function clientLine(client: StatClient): string {
  const { dropped, avSync, timestamp, publishing, active } = client;
  const delivery = element("dropped", dropped) + element("avsync", avSync) + element("timestamp", timestamp);
  return `<client>${who(client)}${delivery}${publishing ? "<publishing/>" : ""}${active ? "<active/>" : ""}</client>`;
}

function who({ id, address, time, flashVer, pageUrl, swfUrl }: StatClient): string {
  const said = [
    ["flashver", flashVer],
    ["pageurl", pageUrl],
    ["swfurl", swfUrl],
  ] as const;
  const texts = said.map(([name, value]) => (value === "" ? "" : element(name, value)));
  return element("id", id) + element("address", address) + element("time", time) + texts.join("");
}

function metaLine({ video, audio }: StatMeta): string {
  const { width = 0, height = 0, frameRate = 0 } = video ?? {};
  const picture = [
    element("width", width),
    element("height", height),
    element("frame_rate", frameRate),
    optional("codec", video?.codec),
    optional("profile", video?.profile),
    optional("compat", video?.compat),
    optional("level", video?.level),
  ];
  const sound = [
    optional("codec", audio?.codec),
    optional("profile", audio?.profile),
    optional("channels", audio?.channels),
    optional("sample_rate", audio?.sampleRate),
  ];
  return `<meta><video>${picture.join("")}</video><audio>${sound.join("")}</audio></meta>`;
}

function trafficLines({ bytesIn, bytesOut, bitsIn, bitsOut }: Traffic): string[] {
  return [
    element("bw_in", bitsIn),
    element("bytes_in", bytesIn),
    element("bw_out", bitsOut),
    element("bytes_out", bytesOut),
  ];
}

const countClients = (streams: readonly StatStream[]): number =>
  streams.reduce((sum, { clients }) => sum + clients.length, 0);

const optional = (name: string, value: string | number | undefined): string =>
  value === undefined ? "" : element(name, value);

const element = (name: string, value: string | number): string => `<${name}>${escapeText(String(value))}</${name}>`;

/** XML 1.0 has no characters below the space but these three, not even escaped (2.2). */
const escapeText = (text: string): string =>
  text
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, "\ufffd")
    .replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
