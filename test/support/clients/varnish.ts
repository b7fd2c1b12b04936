import { writeFileSync } from "node:fs";
import { TemporaryDirectory } from "../directory.ts";
import { type RunningProcess, start, until } from "../process.ts";

/** Debian's Varnish in the foreground. */
export class Varnish implements AsyncDisposable {
  constructor(
    readonly process: RunningProcess,
    private readonly directory: TemporaryDirectory,
  ) {}

  async [Symbol.asyncDispose](): Promise<void> {
    await this.process.stop("SIGTERM");
    this.directory[Symbol.dispose]();
  }
}

/** Starts Varnish with a VCL on a port of the loopback address and waits until it answers. */
export async function startVarnish(vcl: string, port: number): Promise<Varnish> {
  const directory = new TemporaryDirectory();
  const file = directory.join("edge.vcl");
  writeFileSync(file, vcl);
  const varnish = new Varnish(
    start("/usr/sbin/varnishd", [
      ...["-F", "-n", directory.join("work"), "-a", `127.0.0.1:${port}`, "-f", file, "-s", "malloc,256m"],
      // As few privileges as it was started with: the jail would want users and directories of its own.
      ...["-j", "none", "-p", "thread_pool_min=200"],
    ]),
    directory,
  );
  await until("varnish answers", 20_000, async () => {
    if (varnish.process.exitCode !== undefined) throw varnish.process.failure("ended");
    await fetch(`http://127.0.0.1:${port}/health`);
    return true;
  });
  return varnish;
}
