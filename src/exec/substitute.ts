/** What `$name` and `${name}` stand for. */
export type Variables = Readonly<Record<string, string>>;

/**
 * Puts variables into one argument, as nginx-rtmp does: `$name` (letters only, so that `$name_low` is the variable and then
 * `_low`) and `${name}`. One that is not known is empty. A backslash keeps the character behind it as it is.
 */
export function substitute(text: string, variables: Variables): string {
  return text.replace(
    /\\([\s\S]?)|\$(?:\{([^}]*)(?:\}|$)|([A-Za-z]*))/g,
    (_, escaped?: string, braced?: string, plain?: string) => {
      if (escaped !== undefined) return escaped;
      const name = braced ?? plain ?? "";
      return Object.hasOwn(variables, name) ? (variables[name] as string) : "";
    },
  );
}
