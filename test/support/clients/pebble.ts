import { writeFileSync } from "node:fs";
import { makeSelfSigned } from "../../../src/gateways/tls/self-signed.ts";
import { TemporaryDirectory } from "../directory.ts";
import { freePort } from "../ports.ts";
import { type RunningProcess, start } from "../process.ts";

/** A certificate authority that speaks ACME as Let's Encrypt does (its own test server); every name is this machine. */
export class Pebble implements AsyncDisposable {
  private constructor(
    private readonly processes: readonly RunningProcess[],
    private readonly files: TemporaryDirectory,
    /** URL of its ACME directory. */
    readonly directory: string,
  ) {}

  /** @param httpPort where it asks the names' servers for their challenges */
  static async start(httpPort: number): Promise<Pebble> {
    const files = new TemporaryDirectory();
    const [acme, management, dns, names] = await Promise.all([freePort(), freePort(), freePort(), freePort()]);
    const pair = await makeSelfSigned(["127.0.0.1"], Date.now());
    writeFileSync(files.join("ca.pem"), pair.certificate);
    writeFileSync(files.join("key.pem"), pair.key);
    const pebble = {
      listenAddress: `127.0.0.1:${acme}`,
      managementListenAddress: `127.0.0.1:${management}`,
      certificate: files.join("ca.pem"),
      privateKey: files.join("key.pem"),
      httpPort,
      tlsPort: httpPort,
    };
    writeFileSync(files.join("pebble.json"), JSON.stringify({ pebble }));
    const resolver = start("pebble-challtestsrv", [
      ...["-defaultIPv4", "127.0.0.1", "-defaultIPv6", "", "-dns01", `127.0.0.1:${dns}`],
      ...["-http01", "", "-https01", "", "-tlsalpn01", "", "-management", `127.0.0.1:${names}`],
    ]);
    const authority = start("pebble", ["-config", files.join("pebble.json"), "-dnsserver", `127.0.0.1:${dns}`], {
      // It waits up to 15 s before it looks, else.
      env: { PEBBLE_VA_NOSLEEP: "1" },
    });
    const started = new Pebble([resolver, authority], files, `https://127.0.0.1:${acme}/dir`);
    try {
      await authority.waitFor(/ACME directory available/);
    } catch (error) {
      await started[Symbol.asyncDispose]();
      throw error;
    }
    return started;
  }

  /** What makes a server trust the authority's own HTTPS. */
  get env(): Readonly<Record<string, string>> {
    return { NODE_EXTRA_CA_CERTS: this.files.join("ca.pem") };
  }

  /** How many certificates it has given. */
  get issued(): number {
    return this.processes[1]?.output.match(/Issued certificate serial/g)?.length ?? 0;
  }

  /** What it said. */
  get output(): string {
    return this.processes.map((process) => process.output).join("\n");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const process of this.processes) await process.stop("SIGKILL");
    this.files[Symbol.dispose]();
  }
}
