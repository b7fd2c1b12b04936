import type { Stat, StatClient, StatMeta, StatStream } from "./stat.ts";
import type { StatPart } from "./stat-xml.ts";
import type { Traffic } from "./traffic.ts";

/** The JSON of nginx-http-flv-module's `rtmp_stat_format json`: the same as the XML, under its names. */
export function formatStatJson(stat: Stat, show: readonly StatPart[]): string {
  const shows = (part: StatPart) => show.includes("all") || show.includes(part);
  const { version, built, pid, uptime, accepted, traffic } = stat;
  return JSON.stringify({
    "http-flv": {
      nginx_version: `naru ${version}`,
      nginx_http_flv_version: version,
      built,
      pid,
      uptime,
      naccepted: accepted,
      ...bandwidth(traffic),
      servers: stat.servers.map((applications, index) => ({
        server_index: index,
        applications: applications.map(({ name, live, play }) => ({
          name,
          ...(live && shows("live") && { live: listed(live, shows("clients")) }),
          ...(play && shows("all") && { play: listed(play, true) }),
        })),
      })),
    },
  });
}

function listed(streams: readonly StatStream[], withClients: boolean): unknown {
  const nclients = streams.reduce((sum, { clients }) => sum + clients.length, 0);
  return { streams: streams.map((one) => streamValue(one, withClients)), nclients };
}

function streamValue(stream: StatStream, withClients: boolean): unknown {
  const { name, time, traffic, audioBits, videoBits, clients, meta, publishing, active } = stream;
  return {
    name,
    time,
    ...bandwidth(traffic),
    bw_audio: audioBits,
    bw_video: videoBits,
    ...(withClients && { clients: clients.map(clientValue) }),
    ...(meta && { meta: metaValue(meta) }),
    nclients: clients.length,
    publishing,
    active,
  };
}

function clientValue(client: StatClient): unknown {
  const { id, address, time, flashVer, pageUrl, swfUrl, dropped, avSync, timestamp, publishing, active } = client;
  const said = { flashver: flashVer || undefined, pageurl: pageUrl || undefined, swfurl: swfUrl || undefined };
  return { id, address, time, ...said, dropped, avsync: avSync, timestamp, publishing, active };
}

function metaValue({ video, audio }: StatMeta): unknown {
  return {
    ...(video && {
      video: {
        width: video.width,
        height: video.height,
        frame_rate: video.frameRate,
        codec: video.codec,
        profile: video.profile,
        compat: video.compat,
        level: video.level === undefined ? undefined : Number(video.level),
      },
    }),
    ...(audio && {
      audio: {
        codec: audio.codec,
        profile: audio.profile,
        channels: audio.channels,
        sample_rate: audio.sampleRate,
      },
    }),
  };
}

const bandwidth = ({ bytesIn, bytesOut, bitsIn, bitsOut }: Traffic) => ({
  bw_in: bitsIn,
  bytes_in: bytesIn,
  bw_out: bitsOut,
  bytes_out: bytesOut,
});
