import { test } from "bun:test";
import { existsSync } from "node:fs";
import { TemporaryDirectory } from "./directory.ts";
import { projectPath } from "./project.ts";

/** What a test cannot do without, and how to see that it is there. */
const NEEDS = {
  chromium: { from: "package chromium", found: () => has("chromium") },
  curl: { from: "package curl", found: () => has("curl") },
  ffmpeg: { from: "package ffmpeg", found: () => has("ffmpeg") && has("ffprobe") },
  gstreamer: {
    from: "packages gstreamer1.0-tools, -plugins-base, -good, -bad, -ugly, -libav",
    found: () => has("gst-launch-1.0") && ["rtmp2sink", "x264enc", "avenc_aac", "hlsdemux2"].every(hasGstElement),
  },
  mediainfo: { from: "package mediainfo", found: () => has("mediainfo") },
  nginx: { from: "packages nginx and libnginx-mod-rtmp", found: () => has("nginx") && existsSync(NGINX_RTMP_MODULE) },
  nodeav: {
    from: "development package node-av, and Node.js",
    found: () => has("node") && existsSync(projectPath("node_modules/node-av")),
  },
  obs: { from: "packages obs-studio and xvfb", found: () => has("obs") && has("Xvfb") },
  pebble: { from: "package pebble", found: () => has("pebble") && has("pebble-challtestsrv") },
  rtmpdump: { from: "package rtmpdump", found: () => has("rtmpdump") },
  tmpfs: { from: "a run as root that may mount", found: canMount },
  varnish: { from: "package varnish", found: () => has("varnishd") },
  vlc: { from: "packages vlc-bin and vlc-plugin-base", found: () => has("cvlc") },
} as const;

export type Need = keyof typeof NEEDS;

/** Where Debian puts the module. */
export const NGINX_RTMP_MODULE = "/usr/lib/nginx/modules/ngx_rtmp_module.so";

/**
 * `test` when all needs are met; otherwise a `test` that is skipped, with the reason in its name,
 * which the runner prints.
 */
export function testWith(...needs: Need[]): (name: string, body: () => Promise<void>, timeoutMs?: number) => void {
  const missing = needs.filter((need) => !isThere(need));
  if (missing.length === 0) return test;
  const reason = missing.map((need) => `needs ${need} (${NEEDS[need].from})`).join(", ");
  return (name, body) => test.skip(`${name} [${reason}]`, body);
}

/** Whether the machine has it. Looked up once. */
export function isThere(need: Need): boolean {
  const known = answers.get(need);
  if (known !== undefined) return known;
  const found = NEEDS[need].found();
  answers.set(need, found);
  return found;
}

const answers = new Map<Need, boolean>();

function has(command: string): boolean {
  return Bun.which(command, { PATH: `${process.env.PATH}:/usr/sbin:/sbin` }) !== null;
}

function canMount(): boolean {
  using directory = new TemporaryDirectory();
  const mounted = Bun.spawnSync(["mount", "-t", "tmpfs", "tmpfs", directory.path], { stderr: "ignore" }).success;
  if (mounted) Bun.spawnSync(["umount", directory.path]);
  return mounted;
}

function hasGstElement(name: string): boolean {
  return Bun.spawnSync(["gst-inspect-1.0", "--exists", name], { stdout: "ignore", stderr: "ignore" }).success;
}
