import { parseNetwork } from "../../../gateways/address-list.ts";
import {
  type ArgsSpec,
  anyOf,
  type Context,
  type DirectiveSpec,
  directive,
  flag,
  guard,
  ignored,
  mapped,
  none,
  number,
  type Outcome,
  path,
  text,
  unsupported,
  words,
} from "../spec.ts";

const H: readonly Context[] = ["http"];
const V: readonly Context[] = ["http server"];
const L: readonly Context[] = ["location"];
const VL: readonly Context[] = [...V, "location", "if"];
const HV: readonly Context[] = ["http", "http server"];
const HVL: readonly Context[] = [...HV, "location", "if"];

/** Whom a rule is about. */
const network: ArgsSpec = {
  ...words(1, 1, "address | network | unix: | all"),
  check: (arg) =>
    arg === "unix:" || parseNetwork(arg) !== undefined
      ? undefined
      : 'an address, a network such as 10.0.0.0/8, or "all"',
};

const SENDING = "about how nginx sends; naru does it by itself";
const SITE = "keep nginx in front for it";
const CLIENT_TLS = "naru asks viewers for no certificate: put nginx or another proxy in front";
const GUARD = "naru cannot hold this rule: what it protects would be open";
const ACCESS = "http.locations[].access, http.access";
const STATS = "naru lists what is live at / and /api/streams";

/** Directives inside `http { }` that files for streaming hold. */
export const HTTP_DIRECTIVES: readonly DirectiveSpec[] = [
  directive("server", H, none, mapped("http"), { block: "http server", repeats: true }),
  directive("listen", V, words(1, undefined, "address [option ...]"), mapped("http.listen, https.listen"), {
    repeats: true,
  }),
  directive("ssl_certificate", HV, path, mapped("tls.certificate, tls.key"), { repeats: true }),
  directive("ssl_certificate_key", HV, path, mapped("tls.certificate, tls.key"), { repeats: true }),
  directive("location", [...V, "location"], words(1, 2, "[= | ~ | ~* | ^~] path"), mapped("http.locations"), {
    block: "location",
    repeats: true,
  }),
  directive("root", HVL, path, mapped("http.locations[].root")),
  directive("alias", L, path, mapped("http.locations[].alias")),
  directive("types", HVL, none, mapped("http.locations[].types"), { block: "values", repeats: true }),
  directive("default_type", HVL, text, mapped("http.locations[].defaultType")),
  directive("add_header", HVL, words(2, 3, "name value [always]"), mapped("http.locations[].headers"), {
    repeats: true,
  }),
  directive("expires", HVL, words(1, 2, "[modified] time | epoch | max | off"), mapped("http.locations[].headers")),
  directive("server_name", V, words(1), ignored("naru answers to every name")),
  directive("access_log", HVL, words(1), ignored("naru logs to standard error"), { repeats: true }),
  directive("error_log", HVL, words(1, 2), ignored("naru logs to standard error"), { repeats: true }),
  directive("log_format", H, words(2), ignored("naru has its own log"), { repeats: true }),
  directive("charset", HVL, words(1, 1), ignored("playlists are UTF-8 in any case")),
  directive("return", VL, words(1, 2), guard(`naru does not redirect or refuse by path; ${SITE}`)),
  directive("break", VL, none, ignored("only used with rewrite")),
  directive("set", VL, words(2, 2), ignored("matters only where the variable is used"), { repeats: true }),
  directive("if", VL, words(1, undefined, "(condition)"), guard(`naru has no conditions; ${SITE}`), {
    block: "foreign",
    repeats: true,
  }),
  directive("limit_except", L, words(1), ignored("naru serves files by GET and HEAD only"), { block: "foreign" }),
  directive("allow", HVL, network, mapped(ACCESS), { repeats: true }),
  directive("deny", HVL, network, mapped(ACCESS), { repeats: true }),
  directive("satisfy", HVL, { ...anyOf("all", "any"), max: 1 }, mapped(ACCESS)),
  directive("auth_basic", HVL, words(1, 1, "text | off"), mapped(ACCESS)),
  directive("auth_basic_user_file", HVL, path, mapped(ACCESS)),
  directive("valid_referers", VL, words(1), ignored("matters only where $invalid_referer is used")),
  directive("limit_rate", HVL, words(1, 1), unsupported("naru does not limit the rate of a viewer")),
  directive("limit_rate_after", HVL, words(1, 1), ignored("only used with limit_rate")),
  directive("upstream", H, words(1, 1), ignored("only used where it is proxied to"), {
    block: "foreign",
    repeats: true,
  }),
  directive("map", H, words(2, 2), ignored("matters only where the variable is used"), {
    block: "values",
    repeats: true,
  }),
  directive("geo", H, words(1, 2), ignored("matters only where the variable is used"), {
    block: "values",
    repeats: true,
  }),
  directive("split_clients", H, words(2, 2), ignored("matters only where the variable is used"), {
    block: "values",
    repeats: true,
  }),
  directive("server_tokens", HVL, words(1, 1), ignored("naru does not tell its version in responses")),
  directive("resolver", HVL, words(1), ignored("naru resolves names by the system")),
  directive("stub_status", VL, words(0, 1), unsupported(STATS)),
  directive("rtmp_stat", VL, anyOf("all", "global", "live", "clients"), mapped("http.locations[].stat")),
  directive("rtmp_stat_stylesheet", VL, words(1, 1, "path"), mapped("http.locations[].stat.stylesheet")),
  directive("rtmp_stat_format", VL, { ...anyOf("xml", "json"), max: 1 }, mapped("http.locations[].stat.format")),
  directive("rtmp_control", VL, anyOf("all", "record", "drop", "redirect"), mapped("http.locations[].control")),
  directive("flv_live", VL, flag, mapped("http.locations[].flv")),
  directive("flv", L, none, ignored("files are served as they are, without seeking by time")),
  directive("mp4", L, none, ignored("files are served as they are, without seeking by time")),
  directive("hls", L, none, unsupported("naru does not cut files into HLS")),
  directive("max_ranges", HVL, number, ignored(SENDING)),
];

type Family = { readonly name: RegExp; readonly outcome: Outcome; readonly label: string };

/** Whole modules of nginx, by what their directives' names have in common. The first that matches counts. */
export const HTTP_FAMILIES: readonly Family[] = [
  family("auth_*", /^auth_/, guard(GUARD)),
  family("secure_link*", /^secure_(link|token)/, guard(GUARD)),
  family("ssl_verify_client, ssl_client_certificate", /^ssl_(verify|client|trusted|ocsp)/, guard(CLIENT_TLS)),
  family("*_by_lua*", /_by_lua(_block|_file)?$/, guard(`naru runs no Lua; ${SITE}`)),
  family("js_*, perl*", /^(js|perl)(_|$)/, guard(`naru runs no scripts of nginx; ${SITE}`)),
  family("modsecurity*", /^modsecurity/, guard(GUARD)),
  family(
    "proxy_pass, fastcgi_pass, ...",
    /^(proxy|fastcgi|uwsgi|scgi|grpc|memcached)_pass$/,
    unsupported(`naru does not forward requests; ${SITE}`),
  ),
  family(
    "proxy_*, fastcgi_*, ...",
    /^(proxy|fastcgi|uwsgi|scgi|grpc|memcached)_/,
    ignored("only used where requests are forwarded"),
  ),
  family(
    "limit_conn*, limit_req*",
    /^limit_(conn|req)/,
    unsupported(`naru does not limit requests by address; ${SITE}`),
  ),
  family("ssl, ssl_*, quic_*", /^(ssl|quic)(_|$)/, ignored("naru speaks TLS 1.2 and 1.3, with what it holds secure")),
  family("http2*, http3*", /^http[23](_|$)/, ignored(SENDING)),
  family("gzip*, brotli*, zstd*", /^(gzip|gunzip|brotli|zstd)(_|$)/, ignored("naru compresses playlists by itself")),
  family(
    "open_file_cache*, ...",
    /^(open_file_cache|open_log_file_cache|disable_symlinks|directio|aio|output_buffers|read_ahead|sendfile|tcp_|postpone_output|send_|reset_timedout|lingering_|keepalive_|client_|large_client|connection_pool|request_pool|types_hash|variables_hash|server_names_hash|map_hash|underscores|ignore_invalid|merge_slashes|if_modified|etag|msie_|port_in|absolute_|server_name_in|resolver_|max_ranges|recursive_|subrequest_|log_not_found|log_subrequest|chunked_|early_hints|override_charset|source_charset|charset_)/,
    ignored(SENDING),
  ),
  family("real_ip*, set_real_ip_from", /^(real_ip|set_real_ip)/, ignored("naru's log names the address that connects")),
  family("geoip*", /^geoip/, ignored("matters only where the variable is used")),
  family("vod*, f4f*, hls_*", /^(vod|f4f|hls|mp4|flv)_?/, unsupported("naru does not cut files into HLS")),
  family("more_*_headers", /^more_(set|clear)_(input_)?headers$/, unsupported("write add_header")),
  family("add_trailer, expires ...", /^add_(trailer|before_body|after_body)|^addition_types/, unsupported(SITE)),
  family(
    "sub_filter*, ssi*, xslt*, image_filter*, dav_*, ...",
    /^(sub_filter|ssi|xslt|xml_entities|image_filter|dav|create_full_put|random_index|mirror|slice|echo|push_stream|nchan|upload|userid|autoindex|empty_gif|status_zone|vhost_traffic|stub_status|dash|fancyindex|cache_purge|passenger|pagespeed|substitutions|subs_filter|headers_more|uninitialized_variable|limit_)/,
    unsupported(SITE),
  ),
];

function family(label: string, name: RegExp, outcome: Outcome): Family {
  return { label, name, outcome };
}

/** Directives that answer a request themselves, so that no file is served at their location. */
export const CONTENT_HANDLERS =
  /^((proxy|fastcgi|uwsgi|scgi|grpc|memcached)_pass|return|stub_status|hls|vod|content_by_lua.*|empty_gif|js_content)$/;
