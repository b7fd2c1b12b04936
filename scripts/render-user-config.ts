import type { SettingNode } from "../src/config/tree.ts";
import { writtenValue } from "../src/config/values.ts";

/** The TypeScript source of the documented `UserConfig` type, from the settings' own descriptions. */
export function renderUserConfig(tree: SettingNode): string {
  const inner = namedTypes(tree, "");
  const root = { ...tree, description: "What a configuration may hold; everything has a default." };
  const named: [string, SettingNode][] = [...inner, ["UserConfig", root]];
  const names = new Map(inner.map(([name, node]) => [node.kind === "group" ? node.fields : undefined, name]));
  // A group that settings have in common is described once.
  const types = new Set(
    named.map(([name, node]) => `${heading(node)}export type ${name} = ${renderType(node, "", names)};\n`),
  );
  return `// Generated from the schema by scripts/generate.ts; a test fails when it is stale.
import type * as hooks from "../hooks/event.ts";
import type { HookTargets } from "../hooks/target.ts";
import type { LadderFunction } from "../transcode/config.ts";

/** A number of seconds, or text such as \`"400ms"\`, \`"2s"\`, \`"1m30s"\`. */
export type Duration = number | string;

/** Bytes, or text such as \`"512k"\`, \`"10M"\`. */
export type Size = number | string;

/** Bits per second, or text such as \`"800k"\`, \`"2.5M"\`. */
export type Bitrate = number | string;

/** A port such as \`1935\`, or an address such as \`"127.0.0.1:1935"\`, \`"[::1]:1935"\`. */
export type Listen = number | string;

${[...types].join("\n")}`;
}

/** Groups that stand in a map or list, or that are switches, get a type of their own, named after the setting: `applications`, `Application`. */
function namedTypes(node: SettingNode, name: string): [string, SettingNode][] {
  const child = node.kind === "map" ? node.value : node.kind === "list" ? node.item : node;
  if (child.kind !== "group") return [];
  const inner = [...child.fields].flatMap(([key, field]) => namedTypes(field, key));
  if (child === node && !child.isSwitch) return inner;
  const singular = name.replace(/(?<!s)s$/, "");
  const described = { ...child, description: node.description };
  return [[`User${singular[0]?.toUpperCase()}${singular.slice(1)}`, described], ...inner];
}

function heading(node: SettingNode): string {
  return node.description ? `/** ${node.description} */\n` : "";
}

/** The default of a setting as a user would write it, or undefined when it has none. */
export function writtenDefault(node: SettingNode): string | undefined {
  if (node.default === undefined) return undefined;
  return JSON.stringify(writtenValue(node, node.default));
}

type Names = ReadonlyMap<unknown, string>;

function renderType(node: SettingNode, indent: string, names: Names): string {
  switch (node.kind) {
    case "group": {
      const name = names.get(node.fields);
      if (name && indent !== "") return node.isSwitch ? `boolean | ${name}` : name;
      const inner = `${indent}  `;
      const fields = [...node.fields].map(
        ([name, field]) =>
          `${renderDoc(field, inner)}${inner}${name}${field.optional ? "?" : ""}: ${renderType(field, inner, names)};\n`,
      );
      return `{\n${fields.join("")}${indent}}`;
    }
    case "map":
      return `Record<string, ${renderType(node.value, indent, names)}>`;
    case "list": {
      const item = renderType(node.item, indent, names);
      const list = `${/^[^{]* \| /.test(item) ? `(${item})` : item}[]`;
      return [...(node.single ? [item] : []), list, ...(node.orFunction ? [node.orFunction] : [])].join(" | ");
    }
    case "tuple":
      return `[${node.items.map((item) => renderType(item, indent, names)).join(", ")}]`;
    case "unit":
      return { duration: "Duration", size: "Size", bitrate: "Bitrate", listen: "Listen" }[node.unit];
    case "choice":
      return node.values.map((value) => JSON.stringify(value)).join(" | ");
    case "typed":
      return node.type;
    case "number":
      return "number";
    case "boolean":
      return "boolean";
    case "text":
      return "string";
  }
}

function renderDoc(node: SettingNode, indent: string): string {
  const fallback = writtenDefault(node);
  const lines = [
    ...(node.description ? [node.description] : []),
    ...(fallback === undefined ? [] : [`@default ${fallback}`]),
  ];
  if (lines.length === 0) return "";
  if (lines.length === 1) return `${indent}/** ${lines[0]} */\n`;
  return `${indent}/**\n${lines.map((line) => `${indent} * ${line}\n`).join("")}${indent} */\n`;
}
