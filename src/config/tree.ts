import { z } from "zod";
import { UNIT_FORMS, type Unit } from "./units.ts";

/** The settings as data: what documentation, editor types, environment names and reports are made from. */
export type SettingNode = {
  readonly description?: string;
  /** The value when nothing is written, resolved (times in milliseconds); undefined when there is none. */
  readonly default?: unknown;
  readonly optional: boolean;
} & SettingShape;

export type SettingShape =
  | {
      readonly kind: "group";
      readonly fields: ReadonlyMap<string, SettingNode>;
      /** `true` or `false` may stand for it, as its field `enabled`. */
      readonly isSwitch?: boolean;
    }
  /** Keys are chosen by the user. */
  | { readonly kind: "map"; readonly value: SettingNode }
  | {
      readonly kind: "list";
      readonly item: SettingNode /** One value may stand without the list. */;
      readonly single: boolean;
      /** A function of this type may stand for it, in a configuration that is a program. */
      readonly orFunction?: string;
    }
  | { readonly kind: "tuple"; readonly items: readonly SettingNode[] }
  | { readonly kind: "unit"; readonly unit: Unit }
  | { readonly kind: "choice"; readonly values: readonly string[] }
  | { readonly kind: "number"; readonly integer: boolean; readonly min?: number; readonly max?: number }
  /** What only a program, or a form of its own, can say. */
  | ({ readonly kind: "typed" } & TypedSetting)
  | { readonly kind: "boolean" }
  | { readonly kind: "text" };

/** Metadata `typed` of a schema whose values the other kinds cannot describe. */
export type TypedSetting = {
  /** In TypeScript. */
  readonly type: string;
  /** In documentation. */
  readonly words: string;
  /** As JSON Schema. */
  readonly json: object;
  /** A resolved value as data that may be shown: no secrets. */
  write(value: unknown): unknown;
};

/** Reads a zod schema into setting nodes. @throws Error on a kind of schema that settings do not use */
export function settingTree(schema: z.core.$ZodType): SettingNode {
  const meta = z.globalRegistry.get(schema) ?? {};
  const described = typeof meta.description === "string" ? { description: meta.description } : {};
  if (isUnit(meta.unit) && schema instanceof z.ZodPipe) {
    const shape: SettingShape =
      meta.list === true
        ? { kind: "list", single: true, item: { optional: false, kind: "unit", unit: meta.unit } }
        : { kind: "unit", unit: meta.unit };
    return { ...described, optional: false, ...shape };
  }
  if (schema instanceof z.ZodPipe && meta.isSwitch === true) {
    const group = settingTree(schema.def.out);
    return group.kind === "group" ? { ...group, ...described, isSwitch: true } : group;
  }
  if (typeof meta.orFunction === "string" && meta.list instanceof z.ZodArray) {
    const list = settingTree(meta.list);
    return list.kind === "list" ? { ...list, ...described, orFunction: meta.orFunction } : list;
  }
  if (isTyped(meta.typed)) return { ...described, optional: false, kind: "typed", ...meta.typed };
  if (schema instanceof z.ZodDefault) {
    return { ...settingTree(schema.def.innerType), ...described, optional: true, default: schema.def.defaultValue };
  }
  if (schema instanceof z.ZodPrefault) {
    const inner = settingTree(schema.def.innerType);
    // A group's default is that of its fields; a map's is what it holds.
    const own = inner.kind === "group" ? {} : { default: schema.def.defaultValue };
    return { ...inner, ...described, optional: true, ...own };
  }
  if (schema instanceof z.ZodOptional) {
    return { ...settingTree(schema.def.innerType), ...described, optional: true };
  }
  return { ...described, optional: false, ...shapeOf(schema) };
}

function shapeOf(schema: z.core.$ZodType): SettingShape {
  if (schema instanceof z.ZodObject) {
    const fields = new Map<string, SettingNode>();
    for (const [name, field] of Object.entries(schema.def.shape)) fields.set(name, settingTree(field));
    return { kind: "group", fields };
  }
  if (schema instanceof z.ZodRecord) return { kind: "map", value: settingTree(schema.def.valueType) };
  if (schema instanceof z.ZodArray) return { kind: "list", single: false, item: settingTree(schema.def.element) };
  if (schema instanceof z.ZodTuple) return { kind: "tuple", items: schema.def.items.map(settingTree) };
  if (schema instanceof z.ZodEnum) return { kind: "choice", values: schema.options.map(String) };
  if (schema instanceof z.ZodNumber) {
    const { minValue, maxValue } = schema;
    return {
      kind: "number",
      integer: schema.format === "safeint",
      ...(typeof minValue === "number" && Math.abs(minValue) < Number.MAX_SAFE_INTEGER ? { min: minValue } : {}),
      ...(typeof maxValue === "number" && Math.abs(maxValue) < Number.MAX_SAFE_INTEGER ? { max: maxValue } : {}),
    };
  }
  if (schema instanceof z.ZodBoolean) return { kind: "boolean" };
  if (schema instanceof z.ZodString) return { kind: "text" };
  throw new Error(`a setting uses a schema of type "${schema._zod.def.type}", which has no documented form`);
}

const isUnit = (value: unknown): value is Unit => typeof value === "string" && Object.hasOwn(UNIT_FORMS, value);

const isTyped = (value: unknown): value is TypedSetting =>
  typeof value === "object" && value !== null && "type" in value && "write" in value;
