/** The source of a `naru.config.ts` that holds the given settings. */
export function formatConfigModule(settings: object, comments: readonly string[] = []): string {
  const head = comments.map((comment) => `// ${comment.replace(/[\r\n\u2028\u2029]+/g, " ")}\n`).join("");
  const gap = head === "" ? "" : "\n";
  return `import { defineConfig } from "naru";\n${gap}${head}\nexport default defineConfig(${formatValue(settings, "")});\n`;
}

/** Lines longer than this are broken. */
const LINE_WIDTH = 100;

function formatValue(value: unknown, indent: string): string {
  const inner = `${indent}  `;
  if (Array.isArray(value)) {
    const items = value.map((item) => formatValue(item, inner));
    const flat = `[${items.join(", ")}]`;
    if (!flat.includes("\n") && indent.length + flat.length < LINE_WIDTH) return flat;
    return `[\n${items.map((item) => `${inner}${item},\n`).join("")}${indent}]`;
  }
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value);
    if (entries.length === 0) return "{}";
    return `{\n${entries.map(([key, item]) => `${inner}${formatKey(key)}: ${formatValue(item, inner)},\n`).join("")}${indent}}`;
  }
  return JSON.stringify(value);
}

/** In an object literal `__proto__:` is no key; in brackets it is. */
function formatKey(key: string): string {
  if (key === "__proto__") return '["__proto__"]';
  return /^[A-Za-z_$][\w$]*$/.test(key) ? key : JSON.stringify(key);
}
