/** What a configuration file imports: `import { defineConfig } from "naru"`. */
export { defineConfig } from "./config/define.ts";
export type { Duration, Listen, Size, UserApplication, UserConfig, UserLocation } from "./config/user-config.ts";
