import { describe, expect, test } from "bun:test";
import { MalformedError } from "../bytes/errors.ts";
import { HttpResponseReader } from "./http-response.ts";

const bytesOf = (text: string) => Buffer.from(text, "latin1");

type Case = readonly [name: string, text: string, expected: { status: number; body: string; keepsAlive: boolean }];
const CASES: readonly Case[] = [
  ["length", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", { status: 200, body: "hello", keepsAlive: true }],
  ["no body", "HTTP/1.1 200 OK\r\ncontent-length:0\r\n\r\n", { status: 200, body: "", keepsAlive: true }],
  [
    "304 with a length",
    "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n",
    { status: 304, body: "", keepsAlive: true },
  ],
  ["204", "HTTP/1.1 204 No Content\r\n\r\n", { status: 204, body: "", keepsAlive: true }],
  [
    "asked to close",
    "HTTP/1.0 404 Nowhere\r\nConnection: Close\r\nCONTENT-LENGTH: 2\r\n\r\nno",
    { status: 404, body: "no", keepsAlive: false },
  ],
  [
    "chunks",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n5\r\nhello\r\n1;x=y\r\n!\r\n0\r\n\r\n",
    { status: 200, body: "hello!", keepsAlive: true },
  ],
  [
    "chunks with trailers",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\nA\r\n0123456789\r\n0\r\nX: y\r\n\r\n",
    { status: 200, body: "0123456789", keepsAlive: true },
  ],
  [
    "interim responses before",
    "HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200\r\nContent-Length: 1\r\n\r\nx",
    { status: 200, body: "x", keepsAlive: true },
  ],
];

describe.each(CASES)("%s", (_name, text, expected) => {
  const read = (pieces: Buffer[], keep: boolean) => {
    const reader = new HttpResponseReader();
    reader.begin(keep);
    const complete = pieces.map((piece) => reader.receive(piece));
    expect(complete.indexOf(true)).toBe(pieces.length - 1);
    expect(reader.bytes).toBe(expected.body.length);
    const { status, keepsAlive } = reader;
    return { status, body: new TextDecoder().decode(reader.body()), keepsAlive };
  };

  test("in one piece, in two anywhere, and byte by byte", () => {
    const bytes = bytesOf(text);
    expect(read([bytes], true)).toEqual(expected);
    for (let at = 1; at < bytes.length; at++) {
      expect(read([bytes.subarray(0, at), bytes.subarray(at)], true)).toEqual(expected);
    }
    expect(
      read(
        [...bytes].map((byte) => Buffer.of(byte)),
        true,
      ),
    ).toEqual(expected);
  });

  test("a body that nobody wants is counted, not kept", () => {
    expect(read([bytesOf(text)], false)).toEqual({ ...expected, body: "" });
  });
});

test("one reader reads response after response", () => {
  const reader = new HttpResponseReader();
  for (const [, text, { status, body }] of [...CASES, ...CASES]) {
    reader.begin(true);
    expect(reader.receive(bytesOf(text))).toBe(true);
    expect([reader.status, new TextDecoder().decode(reader.body())]).toEqual([status, body]);
  }
});

test("without a length the connection's end is the body's", () => {
  const reader = new HttpResponseReader();
  reader.begin(true);
  expect(reader.receive(bytesOf("HTTP/1.1 200 OK\r\n\r\nhel"))).toBe(false);
  expect(reader.receive(bytesOf("lo"))).toBe(false);
  expect(reader.close()).toBe(true);
  expect(new TextDecoder().decode(reader.body())).toBe("hello");
  expect(reader.keepsAlive).toBe(false);
});

test("an end in the middle is none", () => {
  const reader = new HttpResponseReader();
  for (const text of ["", "HTTP/1.1 200", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel"]) {
    reader.begin(false);
    if (text) reader.receive(bytesOf(text));
    expect(reader.close()).toBe(false);
  }
});

test("headers by name", () => {
  const reader = new HttpResponseReader();
  reader.begin(false);
  reader.receive(
    bytesOf('HTTP/1.1 301 Moved\r\nX-Location: no\r\nLocation:  /There \r\nContent-Length: 0\r\nETag: "A"\r\n\r\n'),
  );
  expect(reader.header("location")).toBe("/There");
  expect(reader.header("etag")).toBe('"A"');
  expect(reader.header("tag")).toBeUndefined();
});

test.each([
  ["not HTTP", "SSH-2.0-OpenSSH\r\n\r\n"],
  ["more than the length", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nxy"],
  ["a length that is none", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n"],
  ["an endless head", `HTTP/1.1 200 OK\r\n${"x".repeat(70_000)}`],
  ["a chunk without a size", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n"],
  ["a chunk that does not end", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc"],
  ["an endless chunk line", `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${"1".repeat(2_000)}`],
  ["bytes behind the last chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nx"],
])("malformed: %s", (_name, text) => {
  const reader = new HttpResponseReader();
  reader.begin(true);
  expect(() => reader.receive(bytesOf(text))).toThrow(MalformedError);
});

test("bytes that nobody asked for", () => {
  expect(() => new HttpResponseReader().receive(bytesOf("x"))).toThrow(MalformedError);
});
