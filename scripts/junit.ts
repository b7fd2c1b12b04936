/** What one run of `bun test` reported. */
export type SuiteResult = {
  readonly passed: number;
  readonly failed: number;
  /** Full names of the skipped tests; the reason stands in the name. */
  readonly skipped: readonly string[];
};

/** Reads the counts and the skipped tests from Bun's JUnit report. */
export function parseJunit(xml: string): SuiteResult {
  let passed = 0;
  let failed = 0;
  const skipped: string[] = [];
  for (const match of xml.matchAll(/<testcase\b([^>]*?)(\/>|>([\s\S]*?)<\/testcase>)/g)) {
    const body = match[3] ?? "";
    if (body.includes("<skipped")) skipped.push(nameOf(match[1] as string));
    else if (/<(failure|error)\b/.test(body)) failed++;
    else passed++;
  }
  return { passed, failed, skipped };
}

/** Bun writes the enclosing groups innermost first. */
function nameOf(attributes: string): string {
  const groups = attribute(attributes, "classname").split(" > ").filter(Boolean).reverse();
  return [...groups, attribute(attributes, "name")].join(" > ");
}

function attribute(attributes: string, name: string): string {
  const value = new RegExp(`\\b${name}="([^"]*)"`).exec(attributes)?.[1] ?? "";
  return value.replace(/&(#\d+|\w+);/g, (entity, code: string) =>
    code.startsWith("#") ? String.fromCodePoint(Number(code.slice(1))) : (ENTITIES[code] ?? entity),
  );
}

const ENTITIES: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };
