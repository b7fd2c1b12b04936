import { describe, expect, test } from "bun:test";
import { acceptsGzip, type Conditions, isNotModified, requestedRange } from "./conditions.ts";

const none: Conditions = {
  head: false,
  gzip: false,
  ifNoneMatch: null,
  ifModifiedSince: null,
  ifRange: null,
  range: null,
};
const version = { etag: '"a"', lastModified: "Mon, 23 Nov 2026 13:00:00 GMT" };

describe("Accept-Encoding", () => {
  test.each<[string | null, boolean]>([
    [null, false],
    ["", false],
    ["identity", false],
    ["gzip", true],
    ["GZIP, deflate, br", true],
    ["gzip, identity;q=1, *;q=0", true],
    ["gzip;q=0", false],
    ["gzip; q=0.000", false],
    ["gzip;q=0.001", true],
    ["*", true],
    ["*;q=0", false],
    ["*, gzip;q=0", false],
    ["br, deflate", false],
  ])("%p", (header, expected) => {
    expect(acceptsGzip(header)).toBe(expected);
  });
});

describe("If-None-Match and If-Modified-Since", () => {
  test.each<[Partial<Conditions>, boolean]>([
    [{}, false],
    [{ ifNoneMatch: '"a"' }, true],
    [{ ifNoneMatch: 'W/"a"' }, true],
    [{ ifNoneMatch: '"b", W/"a"' }, true],
    [{ ifNoneMatch: "*" }, true],
    [{ ifNoneMatch: '"b"' }, false],
    [{ ifModifiedSince: version.lastModified }, true],
    [{ ifModifiedSince: "Mon, 23 Nov 2026 12:00:00 GMT" }, false],
    [{ ifNoneMatch: '"b"', ifModifiedSince: version.lastModified }, false],
  ])("%p", (conditions, expected) => {
    expect(isNotModified({ ...none, ...conditions }, version)).toBe(expected);
  });
});

describe("Range with If-Range", () => {
  const range = "bytes=0-1";
  test.each<[Partial<Conditions>, boolean]>([
    [{ range }, true],
    [{ range, head: true }, false],
    [{ range, ifRange: '"a"' }, true],
    [{ range, ifRange: 'W/"a"' }, false],
    [{ range, ifRange: '"b"' }, false],
    [{ range, ifRange: version.lastModified }, true],
    [{ range, ifRange: "Mon, 23 Nov 2026 12:00:00 GMT" }, false],
  ])("%p", (conditions, expected) => {
    expect(requestedRange({ ...none, ...conditions }, version, 10) !== undefined).toBe(expected);
  });
});
