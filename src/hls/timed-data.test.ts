import { describe, expect, test } from "bun:test";
import { encodeAmf0 } from "../formats/amf/amf0.ts";
import { AmfDate, type AmfValue } from "../formats/amf/value.ts";
import type { DataEvent } from "../media/event.ts";
import { TimedData } from "./timed-data.ts";

const OUT = "/DAvAAAAAAAA///wFAVIAACPf+/+c2nALv4AUsz1AAAAAAAKAAhDVUVJAAABNWLbowo=";
const PLACEMENT_OUT = "/DA0AAAAAAAA///wBQb+cr0AUAAeAhxDVUVJSAAAjn/PAAGlmbAICAAAAAAsoKGKNAIAmsnRfg==";
const PLACEMENT_IN = "/DAvAAAAAAAA///wBQb+dGKQoAAZAhdDVUVJSAAAjn+fCAgAAAAALKChijUCAKnMZ1g=";
const NULL_COMMAND = "/DARAAAAAAAAAP/wAAAAAHpPv/8=";

function amf(...values: readonly AmfValue[]): DataEvent {
  return { type: "data", track: 1000, pts: 0, kind: "amf", value: encodeAmf0(...values) };
}

describe("date ranges of timed data", () => {
  test("onCuePoint", () => {
    const cue = { name: "goal", time: 12.5, type: "event", parameters: { team: 'the "reds"', minute: 3, own: false } };
    expect(new TimedData().toDateRange(amf("onCuePoint", cue), 5000)).toEqual({
      id: "onCuePoint-5000-0",
      class: "onCuePoint",
      start: 5000,
      attributes: {
        NAME: "goal",
        TIME: 12.5,
        TYPE: "event",
        "PARAMETERS-TEAM": 'the "reds"',
        "PARAMETERS-MINUTE": 3,
        "PARAMETERS-OWN": "false",
      },
    });
  });

  test("onTextData", () => {
    const data = new TimedData();
    expect(data.toDateRange(amf("onTextData", { text: "hello", n: -1 }), 1)?.attributes).toEqual({
      TEXT: "hello",
      N: "-1",
    });
    expect(data.toDateRange(amf("onTextData", {}), 1)?.id).toBe("onTextData-1-1");
  });

  const forms: readonly [what: string, event: DataEvent][] = [
    ["base64 in a cue point", amf("onCuePoint", { name: "ad", type: "scte35", cue: OUT })],
    [
      "hexadecimal in its parameters",
      amf("onCuePoint", { parameters: { data: `0x${Uint8Array.fromBase64(OUT).toHex()}` } }),
    ],
    ["onSCTE35 with an object", amf("onSCTE35", { payload: OUT })],
    ["onScte35 with a string", amf("onScte35", OUT)],
    ["the section itself", { type: "data", track: 1, pts: 0, kind: "scte35", value: Uint8Array.fromBase64(OUT) }],
  ];
  test.each(forms)("SCTE 35: %s", (_, event) => {
    expect(new TimedData().toDateRange(event, 7000)).toEqual({
      id: "splice-1207959695-7000",
      start: 7000,
      plannedDuration: 5_426_421 / 90_000,
      scte35: { kind: "OUT", section: Uint8Array.fromBase64(OUT) },
    });
  });

  test("the return from a break has its id and its duration", () => {
    const data = new TimedData();
    const out = data.toDateRange(amf("onSCTE35", { cue: PLACEMENT_OUT }), 1000);
    const back = data.toDateRange(amf("onSCTE35", { cue: PLACEMENT_IN }), 61_500);
    expect(back).toMatchObject({ id: out?.id, start: 1000, duration: 60.5, scte35: { kind: "IN" } });
    const again = data.toDateRange(amf("onSCTE35", { cue: PLACEMENT_OUT }), 90_000);
    expect(again?.id).not.toBe(out?.id);
  });

  test("another command", () => {
    expect(new TimedData().toDateRange(amf("onSCTE35", NULL_COMMAND), 1)).toMatchObject({ scte35: { kind: "CMD" } });
  });

  test.each([
    amf("onFI", { sd: "01-01-2026", st: "12:00:00.000" }),
    amf("onSCTE35", { cue: "not base64 at all, but long enough" }),
    amf("onSCTE35", { cue: OUT.slice(0, 30) }),
    amf("onSCTE35"),
    amf("onStatus", new AmfDate(1)),
    amf(17),
    { type: "data", track: 1, pts: 0, kind: "amf", value: Uint8Array.of(2, 0) },
    { type: "data", track: 1, pts: 0, kind: "scte35", value: Uint8Array.of(0xfc, 0x30) },
    { type: "data", track: 1, pts: 0, kind: "text", value: Uint8Array.of(65) },
  ] as const satisfies DataEvent[])("nothing: %#", (event) => {
    expect(new TimedData().toDateRange(event, 0)).toBeUndefined();
  });
});
