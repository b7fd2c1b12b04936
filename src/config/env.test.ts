import { describe, expect, test } from "bun:test";
import { environmentNames, readEnvironment } from "./env.ts";
import { configSchema } from "./schema.ts";
import { settingTree } from "./tree.ts";

const tree = settingTree(configSchema);
const read = (env: Record<string, string>, applications: string[] = []) => readEnvironment(env, tree, applications);

describe("names of variables", () => {
  test("every setting has one of its own", () => {
    const settings = [...environmentNames(tree).values()];
    expect(settings.length).toBeGreaterThan(25);
    // Read back, every name leads to its own setting and to no other.
    for (const [name, path] of environmentNames(tree)) {
      const { layer, mistakes } = read({ [name]: "1" });
      expect(mistakes).toEqual([]);
      const found = path.map((key) => (key === "NAME" ? "name" : key));
      expect(layer.locate(found)).toEqual({ from: "env", name });
    }
  });

  test.each<[string, string, string[], object]>([
    ["NARU_RTMP_LISTEN", "1936", [], { rtmp: { listen: ["1936"] } }],
    ["NARU_RTMP__LISTEN", "1936,[::1]:1937", [], { rtmp: { listen: ["1936", "[::1]:1937"] } }],
    ["NARU_HTTP_LISTEN", "off", [], { http: { listen: [] } }],
    ["NARU_HTTP_PAGES", "off", [], { http: { pages: false } }],
    ["NARU_RTMP_CHUNK_SIZE", "4096", [], { rtmp: { chunkSize: 4096 } }],
    ["NARU_HTTP_LOCATIONS", '[{"path":"/x","root":"/y"}]', [], { http: { locations: [{ path: "/x", root: "/y" }] } }],
    ["NARU_APPLICATIONS__LIVE__HLS__PART", "500ms", [], { applications: { live: { hls: { part: "500ms" } } } }],
    ["NARU_APPLICATIONS__LIVE__HLS_MAX_SEGMENT", "9s", [], { applications: { live: { hls: { maxSegment: "9s" } } } }],
    ["NARU_APPLICATIONS__MY_APP__LIVE", "no", ["my-App"], { applications: { "my-App": { live: false } } }],
    ["NARU_APPLICATIONS__Live__LIVE", "yes", ["live"], { applications: { Live: { live: true } } }],
    ["NARU_APPLICATIONS__A__B__LIVE", "1", [], { applications: { a__b: { live: true } } }],
    ["NARU_APPLICATIONS__ANY__LIVE", "0", [], { applications: { "*": { live: false } } }],
  ])("%s=%s", (name, value, applications, settings) => {
    const { layer, mistakes } = read({ [name]: value }, applications);
    expect(mistakes).toEqual([]);
    expect<object>(layer.value).toEqual(settings);
  });

  test("empty variables, variables of others and the command's own do not count", () => {
    const { layer, mistakes } = read({ NARU_LOG: "", PATH: "/bin", NARU_CONFIG: "x", NARU_ALLOW_UNSUPPORTED: "1" });
    expect(layer.value).toEqual({});
    expect(mistakes).toEqual([]);
  });

  test("what Kubernetes sets for a service of this name is not a setting", () => {
    const env = { NARU_SERVICE_HOST: "10.0.0.1", NARU_SERVICE_PORT_RTMP: "1935", NARU_PORT: "tcp://10.0.0.1:1935" };
    expect(read({ ...env, NARU_PORT_1935_TCP_ADDR: "10.0.0.1" }).mistakes).toEqual([]);
  });

  test.each([
    ["NARU_RTMP_LISEN", 'did you mean "NARU_RTMP_LISTEN"?'],
    ["NARU_RTMP", "lists every setting"],
    ["NARU_APPLICATIONS", ""],
    ["NARU_APPLICATIONS_LIVE_HLS_PART", "NARU_APPLICATIONS__NAME__HLS__PART"],
    ["NARU_", "lists every setting"],
  ])("%s belongs to no setting", (name, hint) => {
    const { mistakes } = read({ [name]: "1" });
    expect(mistakes).toHaveLength(1);
    expect(mistakes[0]).toMatchObject({ code: "env-unknown", source: { from: "env", name } });
    expect(mistakes[0]?.hint).toContain(hint);
  });

  test("text that does not fit stays text, for the schema to refuse", () => {
    expect(read({ NARU_HTTP_PAGES: "maybe" }).layer.value).toEqual({ http: { pages: "maybe" } });
    expect(read({ NARU_HTTP_LOCATIONS: "[{" }).layer.value).toEqual({ http: { locations: "[{" } });
  });
});
