import { describe, expect, test } from "bun:test";
import { DIRECTIVES, findDirective } from "./directives.ts";
import type { Context } from "./spec.ts";

/** Every directive of arut/nginx-rtmp-module 1.2.2 with the blocks it may stand in: M rtmp, S server, A application, R recorder. */
const MODULE: Readonly<Record<string, string>> = {
  "": "rtmp rtmp_auto_push rtmp_auto_push_reconnect rtmp_socket_dir",
  M: "server",
  S: "listen application",
  A: "recorder pull push",
  MS: "so_keepalive timeout ping ping_timeout max_streams ack_window chunk_size max_message out_queue out_cork busy buflen relay_buffer on_connect on_disconnect netcall_timeout netcall_buffer",
  MSA: "play_time_fix publish_time_fix allow deny live stream_buckets buffer sync interleave wait_key wait_video publish_notify play_restart idle_streams drop_idle_publisher meta max_connections hls hls_path hls_fragment hls_max_fragment hls_playlist_length hls_muxdelay hls_sync hls_continuous hls_nested hls_base_url hls_cleanup hls_fragment_naming hls_fragment_naming_granularity hls_fragment_slicing hls_type hls_max_audio_delay hls_audio_buffer_size hls_variant hls_keys hls_key_path hls_key_url hls_fragments_per_key dash dash_path dash_fragment dash_playlist_length dash_cleanup dash_nested play play_temp_path play_local_path push_reconnect pull_reconnect session_relay on_publish on_play on_publish_done on_play_done on_done on_update notify_method notify_update_timeout notify_update_strict notify_relay_redirect exec_push exec exec_pull exec_static exec_publish exec_publish_done exec_play exec_play_done exec_options exec_kill_signal respawn respawn_timeout access_log log_format",
  MSAR: "record record_path record_suffix record_unique record_append record_lock record_max_size record_max_frames record_interval record_notify on_record_done exec_record_done",
  H: "rtmp_stat rtmp_stat_stylesheet rtmp_control",
};
const BLOCKS: Readonly<Record<string, Context>> = {
  M: "rtmp",
  S: "server",
  A: "application",
  R: "recorder",
  H: "location",
};

describe("the table of directives", () => {
  test("has all 117 of the module, in all blocks they may stand in", () => {
    let count = 0;
    const missing: string[] = [];
    for (const [blocks, names] of Object.entries(MODULE)) {
      for (const name of names.split(" ")) {
        count++;
        const contexts = blocks === "" ? ["root" as const] : [...blocks].map((block) => BLOCKS[block] as Context);
        for (const context of contexts) {
          if (findDirective(name, context).found !== "here") missing.push(`${name} in ${context}`);
        }
      }
    }
    expect(missing).toEqual([]);
    expect(count).toBe(117);
  });

  test("allows them nowhere else", () => {
    expect(findDirective("hls_path", "recorder").found).toBe("elsewhere");
    expect(findDirective("push", "server").found).toBe("elsewhere");
    expect(findDirective("live", "root").found).toBe("elsewhere");
    expect(findDirective("record_path", "location").found).toBe("elsewhere");
  });

  test("names each directive once per block", () => {
    const seen = new Set<string>();
    for (const { name, contexts } of DIRECTIVES) {
      for (const context of contexts) {
        expect(seen.has(`${name} ${context}`)).toBe(false);
        seen.add(`${name} ${context}`);
      }
    }
  });

  test("says something useful about each", () => {
    for (const { name, outcome } of DIRECTIVES) {
      const note = { mapped: "to", ignored: "why", unsupported: "instead" }[outcome.status];
      expect({ name, note: Reflect.get(outcome, note) }).toEqual({ name, note: expect.stringMatching(/\w{4}/) });
    }
  });

  test.each(["auth_request", "secure_link", "access_by_lua_block", "if", "ssl_verify_client"])(
    "%s keeps people out, and so does not get lost",
    (name) => {
      const lookup = findDirective(name, "location");
      expect(lookup.found === "here" && lookup.spec.outcome).toMatchObject({ status: "unsupported", guard: true });
    },
  );
});
