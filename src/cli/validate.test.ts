import { describe, expect, test } from "bun:test";
import { SimulatedOrigin } from "../../test/support/simulated-origin.ts";
import type { Severity } from "../validate/finding.ts";
import { RULES } from "../validate/rules/all.ts";
import type { Verdict } from "../validate/validate.ts";
import { createStyle } from "./terminal.ts";
import { exitCode, runValidate } from "./validate.ts";
import { formatVerdict } from "./validate-report.ts";

function cli(...args: string[]): { code: number; out: string; err: string } {
  const main = new URL("../main.ts", import.meta.url).pathname;
  const { exitCode: code, stdout, stderr } = Bun.spawnSync([process.execPath, main, "validate", ...args]);
  return { code, out: stdout.toString(), err: stderr.toString() };
}

const verdict = (...severities: Severity[]): Verdict => ({
  url: "http://example.com/live/index.m3u8",
  kind: "multivariant",
  renditions: [
    {
      url: "http://example.com/live/main.m3u8",
      live: true,
      targetDuration: 2,
      partTarget: 0.4,
      segmentsRead: 7,
      media: "fmp4",
    },
  ],
  findings: severities.map((severity) => ({
    rule: { id: `a-${severity}`, severity, clause: "RFC 1", text: "So it is." },
    count: 3,
    lastAt: 9.5,
    examples: [{ where: "http://example.com/live/main/1.m4s", line: 4, message: "not\u001b[31m so", at: 1.25 }],
  })),
  counts: {
    error: severities.filter((one) => one === "error").length,
    warning: severities.filter((one) => one === "warning").length,
    info: severities.filter((one) => one === "info").length,
  },
  seconds: 10.2,
  requests: 12,
  bytes: 3_400_000,
});

describe("naru validate", () => {
  test.each<[string[], string]>([
    [[], "the URL of a playlist is missing"],
    [["rtmp://example.com/a"], '"rtmp://example.com/a" is no URL of http or https'],
    [["http://a/b", "http://c/d"], "one URL at a time, not 2"],
    [["http://a/b", "--duration", "soon"], '--duration takes a time such as 90s, not "soon"'],
    [["http://a/b", "--sample", "0"], '--sample takes a whole number, not "0"'],
    [["http://a/b", "--fail-on", "never"], '--fail-on is error, warning or info, not "never"'],
    [["http://a/b", "--http", "4"], '--http is 1.1, 2 or 3, not "4"'],
    [
      ["http://a/b", "--rule", "-hint-mising"],
      'there is no rule "hint-mising": did you mean "hint-missing"?; --list-rules lists them',
    ],
    [["http://a/b", "--rule", "hint-missing"], "--rule leaves rules out: --rule -hint-missing"],
    [["http://a/b", "--durations", "1s"], 'unknown option --durations: did you mean "--duration"?'],
  ])("%j is refused", (args, message) => {
    expect(cli(...args)).toEqual({ code: 2, out: "", err: `naru validate: ${message}\n` });
  });

  test("lists its rules, for people and for programs", () => {
    const { code, out } = cli("--list-rules");
    expect(code).toBe(0);
    for (const { id, text, clause } of RULES)
      for (const shown of [`  ${id}  `, text, clause]) expect(out).toContain(shown);
    expect(JSON.parse(cli("--list-rules", "--json").out)).toHaveLength(RULES.length);
  });

  test("what cannot be reached is exit code 2", () => {
    const { code, out } = cli("http://127.0.0.1:9/main.m3u8", "--duration", "1s");
    expect(code).toBe(2);
    expect(out).toStartWith("http://127.0.0.1:9/main.m3u8\ncould not be read: refused: ");
  });

  test.each<[Severity[], Severity, number]>([
    [[], "info", 0],
    [["info"], "info", 1],
    [["info"], "warning", 0],
    [["warning", "info"], "warning", 1],
    [["warning"], "error", 0],
    [["error"], "error", 1],
  ])("findings %j with --fail-on %s: exit code %d", (severities, failOn, code) => {
    expect(exitCode(verdict(...severities), failOn)).toBe(code);
  });

  test("prints each finding once, with examples below the playlist's folder, and nothing that a terminal acts on", () => {
    expect(formatVerdict(verdict("error", "info"), createStyle(false))).toBe(`http://example.com/live/index.m3u8
  main.m3u8: live, target duration 2 s, parts of 0.4 s, 7 segments read
    fmp4
  10 s, 12 requests, 3.4 MB

error  a-error  3 times, last at 9.5 s
  So it is. (RFC 1)
    1.3 s  main/1.m4s:4  not\ufffd[31m so

note  a-info  3 times, last at 9.5 s
  So it is. (RFC 1)
    1.3 s  main/1.m4s:4  not\ufffd[31m so

1 error, 1 note
`);
    expect(formatVerdict(verdict(), createStyle(false))).toEndWith("\nnothing found\n");
  });

  test("shows its progress, and prints JSON that a program can read", async () => {
    using origin = new SimulatedOrigin();
    let [out, err] = ["", ""];
    const code = await runValidate(
      { url: origin.url, durationMs: 1500, without: ["part-late"] },
      { failOn: "error", json: true, progress: true },
      {
        out: (text) => void (out += text),
        err: (text) => void (err += text),
        style: createStyle(false),
        env: {},
        cwd: "/",
      },
    );
    // Its media is noise.
    expect(code).toBe(1);
    const result = JSON.parse(out);
    expect(result).toMatchObject({ url: origin.url, kind: "media", counts: { error: expect.any(Number) } });
    const noise = result.findings.find(({ rule }: { rule: string }) => rule === "media-unreadable");
    expect(noise).toMatchObject({ severity: "error", clause: expect.any(String), examples: expect.any(Array) });
    expect(err).toMatch(/1 of 2 s {2}\d+ requests, 0\.\d MB/);
    expect(err).toEndWith("\r\u001b[2K");
  });
});
