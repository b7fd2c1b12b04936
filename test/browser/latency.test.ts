import { expect } from "bun:test";
import { readFileSync } from "node:fs";
import type { LatencyReport } from "../../src/latency/sample.ts";
import { TemporaryDirectory } from "../support/directory.ts";
import { run } from "../support/process.ts";
import { projectPath } from "../support/project.ts";
import { testWith } from "../support/requires.ts";

testWith("chromium")(
  "naru latency reads from the pixels of the watch page how late they are, and draws it",
  async () => {
    using directory = new TemporaryDirectory();
    const plot = directory.join("lag.svg");
    const output = await run(
      process.execPath,
      [projectPath("src/main.ts"), "latency", "--seconds", "8", "--json", "--plot", plot],
      { cwd: directory.path, timeoutMs: 60_000 },
    );
    const report = JSON.parse(output.slice(output.indexOf("{"))) as LatencyReport & { errors: string[] };
    expect(report.errors).toEqual([]);
    expect(report.pictures).toBeGreaterThan(100);
    expect(report.unreadable).toBeLessThan(report.pictures / 10);
    // Three parts of 0.4 s are the least that a player may keep; a busy machine adds to it.
    expect(report.glass.median).toBeGreaterThan(1000);
    expect(report.glass.median).toBeLessThan(2500);
    const stages = report.stages;
    expect(stages?.playerBuffer).toBeGreaterThan(500);
    expect(stages?.encoderToServer).toBeLessThan(300);
    expect(readFileSync(plot, "utf8")).toContain("<polyline");
  },
  90_000,
);
