import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";
import type { Environment } from "../config/env.ts";

/**
 * Where the server keeps what should outlive it, such as certificates: NARU_STATE_DIR, else what systemd gives by
 * `StateDirectory=`, else `naru` in the XDG state home. Nothing is created here. Undefined when the user has no home.
 */
export function stateDirectory(env: Environment = process.env, home: string = homedir()): string | undefined {
  if (env.NARU_STATE_DIR) return env.NARU_STATE_DIR;
  // systemd lists several with colons; the first is the unit's own.
  const [given] = env.STATE_DIRECTORY?.split(":") ?? [];
  if (given) return given;
  // XDG Base Directory Specification: a relative path is invalid and is ignored.
  const state = env.XDG_STATE_HOME;
  if (state && isAbsolute(state)) return join(state, "naru");
  return isAbsolute(home) ? join(home, ".local", "state", "naru") : undefined;
}
