import type { SettingNode } from "../src/config/tree.ts";
import { UNIT_FORMS } from "../src/config/units.ts";
import { writtenValue } from "../src/config/values.ts";

/** The JSON Schema of a configuration, for editors of JSON, YAML and TOML. */
export function renderJsonSchema(tree: SettingNode): string {
  const schema = toJsonSchema(tree) as { properties: object };
  const properties = { $schema: { type: "string" }, ...schema.properties };
  const root = { $schema: "https://json-schema.org/draft/2020-12/schema", title: "naru", ...schema, properties };
  return `${JSON.stringify(root, null, 2)}\n`;
}

function toJsonSchema(node: SettingNode): object {
  return {
    ...(node.description ? { description: node.description } : {}),
    ...(node.default === undefined ? {} : { default: writtenValue(node, node.default) }),
    ...shape(node),
  };
}

function shape(node: SettingNode): object {
  switch (node.kind) {
    case "group": {
      const required = [...node.fields].filter(([, field]) => !field.optional).map(([name]) => name);
      const group = {
        type: "object",
        properties: Object.fromEntries([...node.fields].map(([name, field]) => [name, toJsonSchema(field)])),
        additionalProperties: false,
        ...(required.length > 0 ? { required } : {}),
      };
      return node.isSwitch ? { anyOf: [{ type: "boolean" }, group] } : group;
    }
    case "map":
      return { type: "object", additionalProperties: toJsonSchema(node.value) };
    case "list": {
      const items = toJsonSchema(node.item);
      const list = { type: "array", items };
      return node.single ? { anyOf: [items, list] } : list;
    }
    case "tuple":
      return { type: "array", prefixItems: node.items.map(toJsonSchema), items: false, minItems: node.items.length };
    case "unit":
      return { type: ["number", "string"], title: UNIT_FORMS[node.unit] };
    case "choice":
      return { enum: node.values };
    case "typed":
      return node.json;
    case "number":
      return {
        type: node.integer ? "integer" : "number",
        ...(node.min === undefined ? {} : { minimum: node.min }),
        ...(node.max === undefined ? {} : { maximum: node.max }),
      };
    case "boolean":
      return { type: "boolean" };
    case "text":
      return { type: "string" };
  }
}
