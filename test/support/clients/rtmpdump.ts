import { type RunningProcess, start } from "../process.ts";

/** Plays a live stream with librtmp, the library of OBS and of many older players, into an FLV file. */
export function playWithRtmpdump(url: string, file: string): RunningProcess {
  return start("rtmpdump", ["--live", "--rtmp", url, "--flv", file]);
}
