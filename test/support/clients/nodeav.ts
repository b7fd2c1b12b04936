import { type RunningProcess, start } from "../process.ts";
import { projectPath } from "../project.ts";

/**
 * Publishes a file in real time with FFmpeg 8 (inside the npm package node-av), which sends HEVC, AV1, VP9, Opus, FLAC,
 * AC-3 and several tracks by enhanced RTMP. It prints `publishing` when the server has accepted.
 */
export function publishWithNodeav(file: string, url: string): RunningProcess {
  return start("node", [projectPath("test/support/clients/nodeav-publisher.mjs"), file, url]);
}
