import { describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { authenticationRefusal, PASSWORD, USER } from "../../../test/support/authenticating-server.ts";
import { ClientAuthentication } from "./client-authentication.ts";

const start = (password: string | undefined, method: "publish" | "play" = "publish", app = "live") =>
  new ClientAuthentication({
    credentials: password === undefined ? undefined : { user: USER, password },
    app,
    method,
    md5: (text) => createHash("md5").update(text).digest(),
    random: (length) => new Uint8Array(length).fill(0xa5),
  });

/** Connects until the server lets it in, or it gives up. @returns why; undefined when it is in */
function talk(client: ClientAuthentication, module: "adobe" | "llnw", method: "publish" | "play", app = "live") {
  for (let attempt = 1; attempt < 10; attempt++) {
    const refusal = authenticationRefusal(module, app + client.query, method);
    if (refusal === undefined) return { attempt };
    const step = client.refused(refusal);
    if (step.type !== "retry") return step;
  }
  throw new Error("no end");
}

describe("authentication by dialogue", () => {
  for (const module of ["adobe", "llnw"] as const) {
    for (const method of ["publish", "play"] as const) {
      test(`${module}, ${method}: in at the third attempt`, () => {
        expect(talk(start(PASSWORD, method), module, method)).toEqual({ attempt: 3 });
        expect(talk(start(PASSWORD, method, "live/event"), module, method, "live/event")).toEqual({ attempt: 3 });
      });
    }

    test(`${module}: a wrong password, and none, are said`, () => {
      expect(talk(start("guessed"), module, "publish")).toMatchObject({
        reason: expect.stringContaining("does not take"),
      });
      expect(talk(start(undefined), module, "publish")).toMatchObject({
        reason: expect.stringContaining("the URL has none"),
      });
    });
  }

  test("another refusal is none of its", () => {
    expect(start(PASSWORD).refused("[ Server.Reject ] : no such application")).toEqual({ type: "unrelated" });
  });

  test("a server that asks without end is given up", () => {
    const client = start(PASSWORD);
    const asks = "[ AccessManager.Reject ] : [ authmod=adobe ] : ?reason=needauth&user=x&salt=s&challenge=c&opaque=o";
    expect(client.refused(asks).type).toBe("retry");
    expect(client.refused(asks).type).toBe("failed");
    const other = start(PASSWORD);
    const needs = "[ code=403 need auth; authmod=llnw ]";
    expect(other.refused(needs)).toEqual({ type: "retry", query: `?authmod=llnw&user=${USER}` });
    expect(other.refused(needs).type).toBe("failed");
  });
});
