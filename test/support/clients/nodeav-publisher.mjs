// usage: node nodeav-publisher.mjs FILE RTMP_URL
// A program for Node, not Bun: node-av's prebuilt binding is made for it. Node 20 lacks Promise.withResolvers.
Promise.withResolvers ??= () => {
  let resolve;
  let reject;
  const promise = new Promise((fulfil, refuse) => {
    resolve = fulfil;
    reject = refuse;
  });
  return { promise, resolve, reject };
};
const { Demuxer, Muxer } = await import("node-av");

const [, , file, url] = process.argv;
const input = await Demuxer.open(file);
const output = await Muxer.open(url, { format: "flv" });
console.log("publishing");
const outputs = new Map(input.streams.map((stream) => [stream.index, output.addStream(stream)]));
const timeBases = new Map(input.streams.map((stream) => [stream.index, stream.timeBase]));

const started = performance.now();
for await (const packet of input.packets()) {
  if (!packet) continue;
  const timeBase = timeBases.get(packet.streamIndex);
  const due = (Number(packet.dts) * timeBase.num * 1000) / timeBase.den - (performance.now() - started);
  if (due > 0) await new Promise((resolve) => setTimeout(resolve, due));
  await output.writePacket(packet, outputs.get(packet.streamIndex));
  packet.free();
}
await output.close();
await input.close();
