import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import type { Session } from "../streams/sessions.ts";
import {
  countSchema,
  type Problem,
  problemSchema,
  recordingSchema,
  redirectSchema,
  relaysSchema,
  sessionsSchema,
  statsSchema,
  streamsSchema,
} from "./api-schemas.ts";
import type { TrafficMeter } from "./traffic.ts";
import type { World } from "./world.ts";

/** The one recorder that may have no name. */
const NAMELESS = "-";

const problem = (description: string) => ({
  description,
  content: { "application/problem+json": { schema: problemSchema } },
});
const json = <T extends z.ZodType>(description: string, schema: T) => ({
  description,
  content: { "application/json": { schema } },
});
const SECURED = [{ token: [] }];
const REFUSED = { 401: problem("No token, or a wrong one."), 403: problem("The address is not let in.") };
const idParam = z.object({
  id: z
    .string()
    .regex(/^\d{1,15}$/)
    .openapi({ description: "Of the connection." }),
});
const pathParam = z.object({
  path: z
    .string()
    .openapi({ description: "Of the stream; its slashes may be written as they are.", example: "live/test" }),
});

const sessionsRoute = createRoute({
  method: "get",
  path: "/api/sessions",
  summary: "Who publishes and plays by RTMP and FLV.",
  security: SECURED,
  responses: { 200: json("The sessions.", sessionsSchema), ...REFUSED },
});
const statsRoute = createRoute({
  method: "get",
  path: "/api/stats",
  summary: "Counters of the server and its streams.",
  security: SECURED,
  responses: { 200: json("The counters.", statsSchema), ...REFUSED },
});
const relaysRoute = createRoute({
  method: "get",
  path: "/api/relays",
  summary: "Connections to other servers.",
  security: SECURED,
  responses: { 200: json("Their states.", relaysSchema), ...REFUSED },
});
const dropRoute = createRoute({
  method: "post",
  path: "/api/sessions/{id}/drop",
  summary: "Ends what a connection does, and closes it.",
  security: SECURED,
  request: { params: idParam },
  responses: { 200: json("It is closed.", countSchema), 404: problem("There is no such session."), ...REFUSED },
});
const redirectRoute = createRoute({
  method: "post",
  path: "/api/sessions/{id}/redirect",
  summary: "Goes on under another name, on the same connection.",
  security: SECURED,
  request: {
    params: idParam,
    body: { required: true, content: { "application/json": { schema: redirectSchema } } },
  },
  responses: {
    200: json("It goes on.", countSchema),
    400: problem("The request is malformed."),
    404: problem("There is no such session."),
    ...REFUSED,
  },
});
const kickRoute = createRoute({
  method: "delete",
  path: "/api/streams/{path}/publisher",
  summary: "Ends whoever publishes a stream.",
  security: SECURED,
  request: { params: pathParam },
  responses: { 200: json("They are gone.", countSchema), 404: problem("Nobody publishes it."), ...REFUSED },
});
const recordRoute = createRoute({
  method: "post",
  path: "/api/streams/{path}/record/{recorder}/{action}",
  summary: "Begins or completes a recording.",
  security: SECURED,
  request: {
    params: pathParam.extend({
      recorder: z.string().openapi({ description: `Its name; ${NAMELESS} for the one without.` }),
      action: z.enum(["start", "stop"]),
    }),
  },
  responses: {
    200: json("The file.", recordingSchema),
    404: problem("There is no such stream or recorder."),
    ...REFUSED,
  },
});
const streamsRoute = createRoute({
  method: "get",
  path: "/api/streams",
  summary: "What is live.",
  responses: { 200: json("The streams.", streamsSchema) },
});

/** The API: typed routes, and from the same source their document at /api/openapi.json. Lets everybody in. */
export function createApi(world: World, traffic: TrafficMeter): OpenAPIHono {
  const api = new OpenAPIHono({
    defaultHook: (result) => {
      if (result.success) return;
      const [issue] = result.error.issues;
      return respond(400, "Bad Request", `${issue?.path.join(".") ?? ""}: ${issue?.message ?? "malformed"}`);
    },
  });
  const ofClient = (id: string) => world.sessions.list.filter(({ client }) => String(client.id) === id);
  const noSession = (id: string) => respond(404, "Not Found", `there is no session ${id}`);

  api.openapi(sessionsRoute, (context) =>
    context.json({ sessions: world.sessions.list.map((session) => sessionValue(session, world.now())) }, 200),
  );
  api.openapi(statsRoute, (context) => context.json(statsValue(world, traffic), 200));
  api.openapi(relaysRoute, (context) => context.json({ relays: [...world.relays()] }, 200));
  api.openapi(dropRoute, (context) => {
    const { id } = context.req.valid("param");
    const found = ofClient(id);
    if (found.length === 0) return noSession(id);
    for (const session of found) session.drop("dropped by the API");
    return context.json({ count: found.length }, 200);
  });
  api.openapi(redirectRoute, (context) => {
    const { id } = context.req.valid("param");
    const { name } = context.req.valid("json");
    const found = ofClient(id);
    if (found.length === 0) return noSession(id);
    for (const session of found) {
      if (!session.redirect)
        return respond(404, "Not Found", `session ${id} is a relay, which goes where the configuration says`);
      session.redirect(name);
    }
    return context.json({ count: found.length }, 200);
  });
  api.openapi(kickRoute, (context) => {
    const { path } = context.req.valid("param");
    const stream = world.stream(path);
    const count = stream?.sources.length ?? 0;
    if (!stream || count === 0) return respond(404, "Not Found", `nobody publishes "${path}"`);
    stream.kick("dropped by the API", world.now());
    return context.json({ count }, 200);
  });
  api.openapi(recordRoute, (context) => {
    const { path, recorder, action } = context.req.valid("param");
    const name = recorder === NAMELESS ? "" : recorder;
    const { recorders } = world;
    const outcome = action === "start" ? recorders.start(path, name, world.now()) : recorders.stop(path, name);
    if (!outcome) return respond(404, "Not Found", `"${path}" has no recorder "${name}"`);
    return context.json({ file: outcome.file ?? null }, 200);
  });
  api.openAPIRegistry.registerPath(streamsRoute);
  api.openAPIRegistry.registerComponent("securitySchemes", "token", { type: "http", scheme: "bearer" });
  api.doc31("/api/openapi.json", { openapi: "3.1.0", info: { title: "naru", version: world.version } });
  api.notFound(() => respond(404, "Not Found", "the API has no such thing"));
  api.onError((error) => {
    // Hono's own errors, such as a body that is no JSON, know their status.
    if ("status" in error && error.status === 400) return respond(400, "Bad Request", error.message);
    throw error;
  });
  return api;
}

/** Slashes of a stream's path are written as they are or encoded. */
export function normaliseApiPath(path: string): string {
  return path.replace(
    /^\/api\/streams\/(.+?)(\/publisher|\/record\/[^/]*\/[^/]*)$/,
    (_, stream: string, rest: string) => `/api/streams/${stream.replaceAll("/", "%2F")}${rest}`,
  );
}

function respond(status: Problem["status"], title: string, detail: string) {
  const body: Problem = { type: "about:blank", title, status, detail };
  return new Response(JSON.stringify(body), {
    status,
    headers: { "content-type": "application/problem+json" },
  }) as never;
}

function sessionValue(session: Session, now: number) {
  const { client, kind, target, since } = session;
  const { bytesIn, bytesOut, dropped, timestamp, avSync } = session.stats();
  return {
    id: client.id,
    kind,
    protocol: client.protocol,
    path: target.path,
    address: client.address,
    agent: client.flashVer,
    relay: client.isRelay ?? false,
    seconds: Math.round((now - since) / 100) / 10,
    bytesIn,
    bytesOut,
    dropped,
    timestamp,
    avSync,
  };
}

function statsValue(world: World, traffic: TrafficMeter) {
  const { sessions, version, pid, startedAt } = world;
  const count = (list: readonly Session[], kind: Session["kind"]) => list.filter((one) => one.kind === kind).length;
  const paths = Map.groupBy(sessions.list, ({ target }) => target.path);
  return {
    version,
    pid,
    uptime: Math.floor((world.now() - startedAt) / 1000),
    accepted: sessions.accepted,
    connections: sessions.connections.length,
    publishers: count(sessions.list, "publish"),
    players: count(sessions.list, "play"),
    ...traffic.server,
    streams: [...paths].map(([path, list]) => ({
      path,
      publishers: count(list, "publish"),
      players: count(list, "play"),
      recording: [...world.recorders.recording(path)],
      ...traffic.ofStream(path),
    })),
  };
}
