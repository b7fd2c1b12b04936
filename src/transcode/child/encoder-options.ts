import type { VideoRung } from "../rung.ts";

/** FFmpeg's options of an encoder by name. */
export type EncoderOptions = Readonly<Record<string, string>>;

/** For those where "no end" has no value of its own. */
const LONG_GOP = "100000";

const AVC_AT_ONCE = "rc-lookahead=0:sync-lookahead=0:mbtree=0:bframes=0:threads=1";
const HEVC_AT_ONCE = "rc-lookahead=0:bframes=0:frame-threads=1";

/**
 * Keyframes stand where they are forced and nowhere else, and each closes what was before it; no B-frames unless the rung's own
 * options ask for them, and they win over all of this.
 * @param isImmediate each picture comes out before the next goes in
 */
export function encoderOptions(rung: VideoRung, isImmediate = false): EncoderOptions {
  const { encoder } = rung;
  const named = pairs({ preset: rung.preset, tune: rung.tune, profile: rung.profile });
  if (encoder === "libx264") {
    const params = join(
      "keyint=infinite:scenecut=0:open-gop=0:bframes=0",
      rung.options,
      isImmediate ? AVC_AT_ONCE : "",
    );
    return { preset: "veryfast", ...named, ...pairs({ level: rung.level }), "forced-idr": "1", "x264-params": params };
  }
  if (encoder === "libx265") {
    const level = rung.level === undefined ? undefined : `level-idc=${rung.level}`;
    const params = join(
      "keyint=-1:scenecut=0:open-gop=0:bframes=0:log-level=error",
      level,
      rung.options,
      isImmediate ? HEVC_AT_ONCE : "",
    );
    return { preset: "veryfast", ...named, "forced-idr": "1", "x265-params": params };
  }
  if (encoder === "libsvtav1") {
    const params = join("rc=2:keyint=100000:scd=0:pred-struct=1", rung.options, isImmediate ? "lookahead=0" : "");
    return { preset: "10", ...pairs({ preset: rung.preset }), "svtav1-params": params };
  }
  return { ...hardwareOptions(encoder), ...named, ...pairs({ level: rung.level }), ...parse(rung.options) };
}

function hardwareOptions(encoder: string): EncoderOptions {
  const family = encoder.slice(encoder.lastIndexOf("_") + 1);
  switch (family) {
    case "nvenc":
      return { g: LONG_GOP, bf: "0", "forced-idr": "1", "no-scenecut": "1", rc: "vbr" };
    case "vaapi":
      return { g: LONG_GOP, bf: "0", rc_mode: "VBR" };
    case "qsv":
      return { g: LONG_GOP, bf: "0", forced_idr: "1" };
    case "videotoolbox":
      return { g: LONG_GOP, bf: "0", realtime: "1" };
    default:
      return { g: LONG_GOP, bf: "0" };
  }
}

function join(...lists: readonly (string | undefined)[]): string {
  return lists.filter((list) => list !== undefined && list !== "").join(":");
}

function pairs(values: Readonly<Record<string, string | undefined>>): EncoderOptions {
  const out: Record<string, string> = {};
  for (const [name, value] of Object.entries(values)) if (value !== undefined) out[name] = value;
  return out;
}

/** `a=1:b=2`; a name alone is switched on. */
function parse(list: string | undefined): EncoderOptions {
  const out: Record<string, string> = {};
  for (const item of list?.split(":") ?? []) {
    const at = item.indexOf("=");
    const name = at < 0 ? item : item.slice(0, at);
    if (name !== "") out[name] = at < 0 ? "1" : item.slice(at + 1);
  }
  return out;
}
