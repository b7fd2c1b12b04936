/**
 * What stands on every answer.
 * @param cors value of Access-Control-Allow-Origin; empty for none
 */
export function baseHeaders(cors: string): Readonly<Record<string, string>> {
  return {
    server: "naru",
    "x-content-type-options": "nosniff",
    ...(cors && {
      "access-control-allow-origin": cors,
      "access-control-expose-headers": "Content-Length, Content-Range, Age, Date, ETag",
    }),
  };
}
