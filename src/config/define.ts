import type { UserConfig } from "./user-config.ts";

/** Types a configuration, so that the editor completes and explains it; returns it as it is. */
export function defineConfig(config: UserConfig): UserConfig {
  return config;
}
