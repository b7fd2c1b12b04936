import { parseRedirection, type Redirection } from "./redirection.ts";
import { substitute, type Variables } from "./substitute.ts";

/** A command as it is started: no shell, no variables. */
export type PlainCommand = {
  readonly program: string;
  readonly args: readonly string[];
  /** In the order in which they are done. */
  readonly redirections: readonly Redirection[];
};

/** @param variables undefined: `$` means nothing */
export function toPlainCommand(command: readonly string[], variables: Variables | undefined): PlainCommand {
  const fill = (text: string): string => (variables ? substitute(text, variables) : text);
  const [program = "", ...rest] = command;
  const args: string[] = [];
  const redirections: Redirection[] = [];
  for (const argument of rest) {
    const redirection = parseRedirection(argument);
    if (!redirection) args.push(fill(argument));
    else if (redirection.to.type === "descriptor") redirections.push(redirection);
    else redirections.push({ ...redirection, to: { ...redirection.to, path: fill(redirection.to.path) } });
  }
  return { program, args, redirections };
}

/**
 * The environment of a process.
 * @param wanted `NAME` (as the server has it) or `NAME=value`; everything that the server has when left out
 */
export function toEnvironment(
  wanted: readonly string[] | undefined,
  own: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const names = wanted ?? Object.keys(own);
  const environment: Record<string, string> = {};
  for (const entry of names) {
    const equals = wanted ? entry.indexOf("=") : -1;
    const name = equals < 0 ? entry : entry.slice(0, equals);
    const value = equals < 0 ? own[name] : entry.slice(equals + 1);
    if (value !== undefined) environment[name] = value;
  }
  return environment;
}
