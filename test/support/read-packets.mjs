// Prints a media file's streams and packets as JSON, times in seconds. Usage: bun read-packets.mjs FILE

import { avGetCodecName } from "node-av";
import { Demuxer } from "node-av/api";

const demuxer = await Demuxer.open(process.argv[2]);
const streams = demuxer.streams.map(({ codecpar }) => ({
  codec: avGetCodecName(codecpar.codecId),
  kind: codecpar.codecType === 0 ? "video" : "audio",
  extradata: codecpar.extradata?.toString("base64") ?? "",
  timescale: codecpar.sampleRate,
  channels: codecpar.channels,
}));
const packets = [];
for await (const packet of demuxer.packets()) {
  if (!packet) continue;
  const { num, den } = demuxer.streams[packet.streamIndex].timeBase;
  packets.push({
    stream: packet.streamIndex,
    dts: (Number(packet.dts) * num) / den,
    pts: (Number(packet.pts) * num) / den,
    key: packet.isKeyframe,
    data: packet.data.toString("base64"),
  });
  packet.free();
}
await demuxer.close();
process.stdout.write(JSON.stringify({ streams, packets }));
