import type { Packet } from "../../media/event.ts";
import { type Millis, rescale, type Ticks } from "../../media/time.ts";
import type { AudioTrack, TrackId, VideoTrack } from "../../media/track.ts";
import { AudioStream } from "./audio-stream.ts";
import {
  id3ProgramDescriptor,
  id3StreamDescriptor,
  languageDescriptor,
  METADATA_STREAM_TYPE,
  toElementaryStream,
} from "./elementary-stream.ts";
import { PAT_PID } from "./packet.ts";
import { Packetizer } from "./packetizer.ts";
import { PES_HEADER_MAX, PES_MAX, PRIVATE_STREAM_ID, setPesLength, wrapTime, writePesHeader } from "./pes.ts";
import { PesBuffer } from "./pes-buffer.ts";
import { encodePat, encodePmt, type PmtStream } from "./psi.ts";
import { VideoStream } from "./video-stream.ts";

export type TsMuxerOptions = {
  /** How long audio frames are gathered into one PES packet. */
  readonly maxAudioDelay: Millis;
};

const PROGRAM = 1;
const PMT_PID = 0x1000;
const FIRST_PID = 0x100;
const ID3_PID = 0x1f0;
/** Of a program; players look at the first. */
export const MAX_AUDIO_TRACKS = 16;
/** PCR must come every 100 ms (ISO/IEC 13818-1 2.7.2); 90 kHz. */
const PCR_INTERVAL = 9000;
/** Presentation lies at least this far behind PCR: room for gathered audio to arrive in time; 90 kHz. */
const MIN_LEAD = 63_000;
const LEAD_OVER_AUDIO_DELAY = 36_000;

/**
 * Multiplexes one program into MPEG-TS (ISO/IEC 13818-1), segment by segment: `setTracks`, then for each segment
 * `startSegment`, packets, `takeSegment`. Times are those of the packets plus a constant; dts must not fall per track.
 */
export class TsMuxer {
  readonly #packetizer = new Packetizer();
  readonly #maxAudioDelay: number;
  readonly #lead: number;
  readonly #metadata = new PesBuffer(256);
  #streams = new Map<TrackId, VideoStream | AudioStream>();
  #audio: AudioStream[] = [];
  #pcrPid = FIRST_PID;
  #lastPcr = -1;
  #offset: Ticks = 0;
  #hasId3 = false;
  #version = -1;
  readonly #pat: Uint8Array = encodePat([{ number: PROGRAM, pid: PMT_PID }]);
  #pmt: Uint8Array = new Uint8Array(0);
  #pmtStreams: PmtStream[] = [];

  constructor(options: TsMuxerOptions) {
    this.#maxAudioDelay = Math.round(options.maxAudioDelay * 90);
    this.#lead = Math.max(MIN_LEAD, this.#maxAudioDelay + LEAD_OVER_AUDIO_DELAY);
  }

  /** Adds to all times; 90 kHz. Call it before `setTracks`. */
  shift(offset: Ticks): void {
    this.#offset = offset;
  }

  /** Continuity counters go on behind those of another muxer. @param counters the last of each PID */
  continueAfter(counters: ReadonlyMap<number, number>): void {
    this.#packetizer.continueAfter(counters);
  }

  /**
   * The tracks from here on: the first video and up to 16 audio tracks of those that `canCarry` accepts; returns which.
   * Call it between segments.
   */
  setTracks(tracks: readonly (VideoTrack | AudioTrack)[]): TrackId[] {
    this.#streams = new Map();
    this.#audio = [];
    this.#pmtStreams = [];
    let video: VideoStream | undefined;
    let pid = FIRST_PID;
    for (const track of tracks) {
      const stream = toElementaryStream(track.config);
      if (!stream) continue;
      if (track.kind === "video") {
        if (video) continue;
        video = new VideoStream(pid, track.config, this.#lead + this.#offset);
        this.#streams.set(track.id, video);
      } else {
        if (this.#audio.length === MAX_AUDIO_TRACKS) continue;
        const audio = new AudioStream(pid, track, stream.streamId, this.#lead + this.#offset);
        this.#audio.push(audio);
        this.#streams.set(track.id, audio);
      }
      const language = track.kind === "audio" ? languageDescriptor(track.language) : new Uint8Array(0);
      this.#pmtStreams.push({
        streamType: stream.streamType,
        pid,
        descriptors: Uint8Array.of(...stream.descriptors, ...language),
      });
      pid++;
    }
    this.#pcrPid = video?.pid ?? this.#audio[0]?.pid ?? 0x1fff;
    this.#renewPmt();
    return [...this.#streams.keys()];
  }

  /** Whether packets of this track are carried. */
  has(track: TrackId): boolean {
    return this.#streams.has(track);
  }

  /** Where the sound of a track ends that was written, 90 kHz; undefined before there is any. */
  soundEnd(track: TrackId): Ticks | undefined {
    const stream = this.#streams.get(track);
    return stream instanceof AudioStream && stream.nextPts > 0 ? stream.nextPts : undefined;
  }

  /** PAT and PMT, which every segment begins with; its first picture carries the parameter sets. */
  startSegment(): void {
    this.#writeTables();
    for (const stream of this.#streams.values()) if (stream instanceof VideoStream) stream.beginSegment();
  }

  /** A packet of an unknown track is ignored, as is one that no PES packet can hold. */
  write(packet: Packet): void {
    const stream = this.#streams.get(packet.track);
    if (stream instanceof VideoStream) {
      for (const audio of this.#audio) {
        if (audio.pending && packet.dts - audio.firstPts >= this.#maxAudioDelay) this.#flush(audio);
      }
      const pcr = stream.pid === this.#pcrPid ? this.#pcr(packet.dts) : -1;
      stream.write(this.#packetizer, packet, pcr);
    } else if (stream) {
      this.#writeAudio(stream, packet);
    }
  }

  /** A whole ID3v2 tag (Apple's Timed Metadata for HTTP Live Streaming). `pts` is 90 kHz. Longer than 64 KiB, it is ignored. */
  writeId3(pts: Ticks, tag: Uint8Array): void {
    if (tag.length + PES_HEADER_MAX > PES_MAX) return;
    if (!this.#hasId3) {
      this.#hasId3 = true;
      this.#renewPmt();
      this.#writeTables();
    }
    const pes = this.#metadata;
    const time = wrapTime(pts + this.#lead + this.#offset);
    pes.clear();
    pes.size = writePesHeader(pes.bytes, 0, PRIVATE_STREAM_ID, time, time);
    pes.append(tag);
    setPesLength(pes.bytes, 0, pes.size);
    this.#packetizer.writePes(ID3_PID, pes, -1, false);
  }

  /** Ends the segment, gathered audio included. The pieces are to be sent one after the other; they share memory with others. */
  takeSegment(): Uint8Array[] {
    for (const audio of this.#audio) this.#flush(audio);
    return this.#packetizer.take();
  }

  #writeTables(): void {
    this.#packetizer.writeSection(PAT_PID, this.#pat);
    this.#packetizer.writeSection(PMT_PID, this.#pmt);
  }

  #writeAudio(stream: AudioStream, packet: Packet): void {
    const pts = rescale(packet.pts, stream.timescale, 90_000);
    if (stream.pending && !stream.continues(pts, packet.data.length)) this.#flush(stream);
    if (!stream.append(packet, pts)) return;
    // Pictures that stay away must not take the clock with them.
    if (stream.pid !== this.#pcrPid && this.#lastPcr >= 0 && stream.nextPts - this.#lastPcr > PCR_INTERVAL) {
      this.#packetizer.writePcr(this.#pcrPid, this.#pcr(pts));
    }
    // With no video the audio carries PCR, which may not wait as long.
    const most = stream.pid === this.#pcrPid ? Math.min(this.#maxAudioDelay, PCR_INTERVAL) : this.#maxAudioDelay;
    if (stream.nextPts - stream.firstPts >= most) this.#flush(stream);
  }

  #flush(stream: AudioStream): void {
    if (!stream.pending) return;
    const carriesPcr = stream.pid === this.#pcrPid;
    if (!carriesPcr && stream.firstPts - this.#lastPcr > PCR_INTERVAL && this.#lastPcr >= 0) {
      this.#packetizer.writePcr(this.#pcrPid, this.#pcr(stream.firstPts));
    }
    stream.flush(this.#packetizer, carriesPcr ? this.#pcr(stream.firstPts) : -1);
  }

  /** PCR never goes back, even where tracks are interleaved loosely. */
  #pcr(time: Ticks): number {
    this.#lastPcr = Math.max(this.#lastPcr, time);
    return wrapTime(this.#lastPcr + this.#offset);
  }

  #renewPmt(): void {
    this.#version = (this.#version + 1) & 31;
    const id3 = { streamType: METADATA_STREAM_TYPE, pid: ID3_PID, descriptors: id3StreamDescriptor() };
    this.#pmt = encodePmt({
      program: PROGRAM,
      version: this.#version,
      pcrPid: this.#pcrPid,
      descriptors: this.#hasId3 ? id3ProgramDescriptor(PROGRAM) : new Uint8Array(0),
      streams: this.#hasId3 ? [...this.#pmtStreams, id3] : this.#pmtStreams,
    });
  }
}
