import { configSchema } from "../src/config/schema.ts";
import { settingTree } from "../src/config/tree.ts";
import { renderConfigurationDocs, renderDirectiveDocs } from "./render-docs.ts";
import { renderJsonSchema } from "./render-json-schema.ts";
import { renderUserConfig } from "./render-user-config.ts";

/** Every generated file of the repository: path from its root, and content. */
export function generatedFiles(): ReadonlyMap<string, string> {
  const tree = settingTree(configSchema);
  return new Map([
    ["src/config/user-config.ts", renderUserConfig(tree)],
    ["docs/naru.schema.json", renderJsonSchema(tree)],
    ["docs/configuration.md", renderConfigurationDocs(tree)],
    ["docs/nginx-directives.md", renderDirectiveDocs()],
  ]);
}
