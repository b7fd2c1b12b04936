// Plays a URL with FFmpeg 8 until it has so many packets of each stream, and prints how many by codec.
// Usage: bun nodeav-player.mjs URL PACKETS

import { avGetCodecName } from "node-av";
import { Demuxer } from "node-av/api";

const [url, wanted] = process.argv.slice(2);
const demuxer = await Demuxer.open(url);
const names = demuxer.streams.map(({ codecpar }) => avGetCodecName(codecpar.codecId));
const counts = Object.fromEntries(names.map((name) => [name, 0]));
for await (const packet of demuxer.packets()) {
  if (!packet) continue;
  counts[names[packet.streamIndex]]++;
  packet.free();
  if (Object.values(counts).every((count) => count >= Number(wanted))) break;
}
process.stdout.write(JSON.stringify(counts));
process.exit(0);
