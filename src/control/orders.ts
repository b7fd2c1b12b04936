import type { Session } from "../streams/sessions.ts";
import type { World } from "./world.ts";

/** Kinds of orders that a location takes. */
export type OrderKind = "all" | "record" | "drop" | "redirect";

/** As nginx-rtmp's rtmp_control answers: 204 when a recorder had nothing to do, 404 what is no order, 500 what is a wrong one. */
export type OrderAnswer = { readonly status: 200 | 204 | 404 | 500; readonly body: string };

const NOT_HERE: OrderAnswer = { status: 404, body: "" };
const WHO: Readonly<Record<string, readonly Session["kind"][]>> = {
  publisher: ["publish"],
  subscriber: ["play"],
  client: ["publish", "play"],
};

/**
 * Carries out an order of rtmp_control: `record/start`, `drop/client` and so on are the last two parts of the path; the query's
 * arguments are srv, app, name, addr, clientid, rec and newname. Answers with the path of a recording, or with how many it met.
 */
export function obey(world: World, takes: readonly OrderKind[], path: string, query: string): OrderAnswer {
  const [section = "", method = ""] = path.split("/").slice(-2);
  const isTaken = takes.some((kind) => kind === "all" || kind === section);
  if (!isTaken) return NOT_HERE;
  const given = parseArguments(query);
  switch (section) {
    case "record":
      return record(world, method, given);
    case "drop":
    case "redirect":
      return each(world, section, method, given);
    default:
      return NOT_HERE;
  }
}

function record(world: World, method: string, given: Arguments): OrderAnswer {
  if (method !== "start" && method !== "stop") return wrong("there is record/start and record/stop");
  const found = sessionsOf(world, ["publish"], given);
  if (typeof found === "string") return wrong(found);
  const recorder = given.get("rec") ?? "";
  let file: string | undefined;
  for (const path of new Set(found.map(({ target }) => target.path))) {
    const { recorders } = world;
    const outcome = method === "start" ? recorders.start(path, recorder, world.now()) : recorders.stop(path, recorder);
    if (!outcome) return wrong("there is no such recorder");
    file = outcome.file ?? file;
  }
  return file === undefined ? { status: 204, body: "" } : { status: 200, body: file };
}

function each(world: World, order: "drop" | "redirect", method: string, given: Arguments): OrderAnswer {
  const kinds = Object.hasOwn(WHO, method) ? WHO[method] : undefined;
  if (!kinds) return wrong("there is publisher, subscriber and client");
  const found = sessionsOf(world, kinds, given);
  if (typeof found === "string") return wrong(found);
  const name = given.get("newname") ?? "";
  if (order === "redirect" && name === "" && found.length > 0) return wrong("newname is missing");
  const met = order === "drop" ? found : found.filter(({ redirect }) => redirect !== undefined);
  for (const session of met) {
    if (order === "drop") session.drop("dropped by order");
    else session.redirect?.(name);
  }
  return { status: 200, body: String(met.length) };
}

/** Those that the arguments mean; a text says why they mean nobody. */
function sessionsOf(world: World, kinds: readonly Session["kind"][], given: Arguments): readonly Session[] | string {
  const index = given.get("srv") ?? "0";
  const server = /^\d+$/.test(index) ? world.servers()[Number(index)] : undefined;
  if (!server) return "there is no such server";
  const [app, name, address, id] = ["app", "name", "addr", "clientid"].map((key) => given.get(key) || undefined);
  const keys = new Set(server.filter((one) => app === undefined || one.name === app).map(({ key }) => key));
  return world.sessions.list.filter(
    ({ kind, client, target }) =>
      kinds.includes(kind) &&
      keys.has(target.app) &&
      (name === undefined || target.name === name) &&
      (address === undefined || client.address === address) &&
      (id === undefined || String(client.id) === id),
  );
}

type Arguments = ReadonlyMap<string, string>;

/** Unlike a form's, a `+` is a plus: it may stand in a stream's name. */
function parseArguments(query: string): Arguments {
  const given = new Map<string, string>();
  for (const pair of query.split("&")) {
    const equals = pair.indexOf("=");
    const key = equals < 0 ? pair : pair.slice(0, equals);
    if (!given.has(key)) given.set(key, decode(equals < 0 ? "" : pair.slice(equals + 1)));
  }
  return given;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

const wrong = (why: string): OrderAnswer => ({ status: 500, body: `${why}\n` });
