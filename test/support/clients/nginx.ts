import { writeFileSync } from "node:fs";
import { TemporaryDirectory } from "../directory.ts";
import { type RunningProcess, start, until } from "../process.ts";
import { NGINX_RTMP_MODULE } from "../requires.ts";

/** Debian's nginx with the RTMP module, in the foreground, with one worker. */
export class Nginx implements AsyncDisposable {
  constructor(
    readonly process: RunningProcess,
    private readonly directory: TemporaryDirectory,
  ) {}

  /** The configuration that it reads. */
  get file(): string {
    return this.directory.join("nginx.conf");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.process.stop("SIGTERM");
    this.directory[Symbol.dispose]();
  }
}

/**
 * Starts nginx with a configuration of `rtmp` and `http` blocks, and waits until `port` answers HTTP.
 * @param options `master`: with a process that starts the one that works, so that a reload replaces that
 */
export async function startNginx(
  blocks: string,
  port: number,
  { master = false }: { readonly master?: boolean } = {},
): Promise<Nginx> {
  const directory = new TemporaryDirectory();
  const conf = `load_module ${NGINX_RTMP_MODULE};
daemon off; ${master ? "user root;" : "master_process off;"} worker_processes 1; pid ${directory.join("nginx.pid")}; error_log stderr warn;
events { worker_connections 1024; }
${blocks}`;
  const file = directory.join("nginx.conf");
  writeFileSync(file, conf);
  const nginx = new Nginx(start("/usr/sbin/nginx", ["-p", directory.path, "-c", file]), directory);
  await until("nginx answers", 5000, async () => {
    if (nginx.process.exitCode !== undefined) throw nginx.process.failure("ended");
    await fetch(`http://127.0.0.1:${port}/`);
    return true;
  });
  return nginx;
}
