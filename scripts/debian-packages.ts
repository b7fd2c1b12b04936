import { existsSync } from "node:fs";

/** The real encoders, players and analysers that the tests drive. */
const PACKAGES = [
  "chromium",
  "curl",
  "ffmpeg",
  "gstreamer1.0-libav",
  "gstreamer1.0-plugins-bad",
  "gstreamer1.0-plugins-base",
  "gstreamer1.0-plugins-good",
  "gstreamer1.0-plugins-ugly",
  "gstreamer1.0-tools",
  "libnginx-mod-rtmp",
  "mediainfo",
  "nghttp2-client",
  "nginx",
  "obs-studio",
  "pebble",
  "rtmpdump",
  "varnish",
  "vlc-bin",
  "vlc-plugin-base",
  "xauth",
  "xvfb",
];

/** Set to `0`, nothing is installed on the system. */
const SWITCH = "TEST_INSTALL";

/**
 * Installs the Debian packages that are missing, when this user may.
 * @returns why packages are still missing, in one line; undefined when all are there
 */
export function installDebianPackages(): string | undefined {
  if (!Bun.which("dpkg-query") || !Bun.which("apt-get")) return "this is not a Debian system";
  const missing = missingPackages();
  if (missing.length === 0) return undefined;
  const names = missing.join(" ");
  if (process.env[SWITCH] === "0") return `${SWITCH}=0 forbids to install ${names}`;
  const root = asRoot();
  if (!root) return `neither root nor sudo without a password, so not installed: ${names}`;

  console.log(`installing Debian packages: ${names}`);
  const apt = [...root, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q", "-o", "Acquire::Retries=1"];
  if (run([...apt, "update"]) !== 0) return `apt-get update failed, so not installed: ${names}`;
  const install = [...apt, "install", "-y", "--no-install-recommends"];
  withoutServices(root, () => {
    // One name that this release does not have must not cost all the others.
    if (run([...install, ...missing]) !== 0) for (const name of missing) run([...install, name]);
  });
  const still = missingPackages();
  return still.length === 0 ? undefined : `apt-get could not install: ${still.join(" ")}`;
}

function missingPackages(): string[] {
  const query = Bun.spawnSync(["dpkg-query", "-W", ...PACKAGES], { stderr: "ignore" });
  // Name and version; the version is empty when only the configuration is left.
  const installed = new Set(query.stdout.toString().match(/^[^\s:]+(?=(:\S+)?\t\S)/gm));
  return PACKAGES.filter((name) => !installed.has(name));
}

function asRoot(): string[] | undefined {
  if (process.getuid?.() === 0) return [];
  if (!Bun.which("sudo")) return undefined;
  return Bun.spawnSync(["sudo", "-n", "true"], { stderr: "ignore" }).success ? ["sudo", "-n"] : undefined;
}

/** The nginx package would start a web server on port 80 of this machine; policy-rc.d is Debian's way to prevent that. */
function withoutServices(root: string[], install: () => void): void {
  const policy = "/usr/sbin/policy-rc.d";
  if (existsSync(policy)) {
    install();
    return;
  }
  run([...root, "sh", "-c", `printf '#!/bin/sh\\nexit 101\\n' >${policy} && chmod +x ${policy}`]);
  try {
    install();
  } finally {
    run([...root, "rm", "-f", policy]);
  }
}

function run(command: string[]): number {
  return Bun.spawnSync(command, { stdin: "ignore", stdout: "ignore", stderr: "inherit" }).exitCode;
}
