import { expect, test } from "bun:test";
import { parseJunit } from "./junit.ts";

test("counts passes and failures, and names what was skipped", () => {
  const xml = `<testsuites><testsuite name="a.test.ts" tests="4">
    <testcase name="plain" classname="" time="0" />
    <testcase name="inner &amp; &#38;" classname="deep &gt; outer" time="0">
      <skipped />
    </testcase>
    <testcase name="bad" classname="outer"><failure type="AssertionError" message="x">text</failure></testcase>
    <testcase name="slow" classname=""><failure type="TimeoutError" message="test timed out" /></testcase>
  </testsuite></testsuites>`;
  expect(parseJunit(xml)).toEqual({ passed: 1, failed: 2, skipped: ["outer > deep > inner & &"] });
});

test("an empty report is no test", () => {
  expect(parseJunit("")).toEqual({ passed: 0, failed: 0, skipped: [] });
});
