// biome-ignore-all lint/suspicious/noTemplateCurlyInString: so variables are written
import { describe, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLog, silentLog } from "../log.ts";
import { accessLogSchema } from "./config.ts";
import { COMBINED, type EndedSession, lineFormat } from "./format.ts";
import { localTime } from "./local-time.ts";
import { LogFile } from "./log-file.ts";

const client = {
  id: 7,
  protocol: "rtmp",
  address: "10.0.0.1",
  remote: "10.0.0.1:5",
  port: 1935,
  connectedAt: 0,
  app: "live",
  flashVer: "FMLE/3.0 (compatible; Lavf59)",
  swfUrl: "s",
  tcUrl: "t",
  pageUrl: "p",
} as const;
const target = { path: "live@2/test", app: "live@2", name: "test", query: "a=b&k=v", args: "k=v" };
const ended: EndedSession = {
  session: { client, kind: "publish", target },
  stats: { bytesIn: 1000, bytesOut: 20 },
  seconds: 7,
  wallclock: 1_795_000_000_123,
  localTime: "23/Nov/2026:23:18:29 +0000",
};

describe("a line", () => {
  test("is nginx-rtmp's", () => {
    expect(lineFormat(COMBINED)(ended)).toBe(
      '10.0.0.1 [23/Nov/2026:23:18:29 +0000] PUBLISH "live" "test" "k=v" - 1000 20 "p" "FMLE/3.0 (compatible; Lavf59)" (7s)',
    );
  });

  test.each([
    ["$connection|$swfurl|$tcurl|$pageurl", "7|s|t|p"],
    ["${app}x$command", "livexPUBLISH"],
    ["$msec $session_time", "1795000000.123 7"],
    ["plain", "plain"],
  ])("%s", (format, line) => expect(lineFormat(format)(ended)).toBe(line));

  test.each([
    [0, "0s"],
    [59, "59s"],
    [60, "1m 0s"],
    [3600, "1h 0m 0s"],
    [86_400 + 61, "1d 0h 1m 1s"],
  ])("%d seconds are %s", (seconds, text) => {
    expect(lineFormat("$session_readable_time")({ ...ended, seconds })).toBe(text);
  });

  test("stays one line with its fields, whatever a client calls itself", () => {
    const session = { ...ended.session, client: { ...client, flashVer: 'x" "\n\\y$app\u0085' } };
    expect(lineFormat('"$flashver"')({ ...ended, session })).toBe('"x\\x22 \\x22\\x0A\\x5Cy$app\\x85"');
  });
});

test.each(["$nope", "a ${b} c", "$"])("a format with the unknown variable %s is refused", (format) => {
  expect(accessLogSchema.safeParse([{ file: "/l", format }]).success).toBe(false);
});

test("local time has its offset", () => {
  const time = new Date(2026, 0, 2, 3, 4, 5);
  const text = localTime(time);
  expect(text).toStartWith("02/Jan/2026:03:04:05 ");
  const [, sign, hours, minutes] = /([+-])(\d\d)(\d\d)$/.exec(text) ?? [];
  const offset = (Number(hours) * 60 + Number(minutes)) * (sign === "-" ? -1 : 1);
  expect(offset + time.getTimezoneOffset()).toBe(0);
});

describe("a file", () => {
  test("gets the lines in order, behind what it has; after it was moved away, a new one", async () => {
    const directory = mkdtempSync(join(tmpdir(), "naru-log-"));
    try {
      const path = join(directory, "sub/access.log");
      const first = new LogFile(path, silentLog);
      first.write("1");
      first.write("2");
      await first.close();
      const second = new LogFile(path, silentLog);
      second.write("3");
      await Bun.sleep(20);
      renameSync(path, `${path}.1`);
      second.write("4");
      await Bun.sleep(20);
      second.reopen();
      second.write("5");
      await second.close();
      expect(readFileSync(`${path}.1`, "utf8")).toBe("1\n2\n3\n4\n");
      expect(readFileSync(path, "utf8")).toBe("5\n");
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  test("that cannot be written is said once", async () => {
    const lines: string[] = [];
    const log = createLog(
      "error",
      (line) => lines.push(line),
      () => new Date(0),
    );
    const file = new LogFile("/dev/null/access.log", log);
    for (const line of ["1", "2"]) {
      file.write(line);
      await Bun.sleep(10);
    }
    await file.close();
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain("ENOTDIR");
    expect(existsSync("/dev/null/access.log")).toBe(false);
  });
});
