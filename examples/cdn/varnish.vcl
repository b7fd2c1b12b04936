vcl 4.1;
# Varnish as a caching edge in front of naru: varnishd -a :80 -f /path/to/this/varnish.vcl -s malloc,2g -p thread_pool_min=200
#
# What it does for a live stream: however many viewers wait for the same playlist update or part, naru gets one request, and
# all have the answer as it comes. Low latency for Apple's players needs HTTP/2 and TLS in front (hitch or haproxy, and -p feature=+http2).

import std;

backend naru {
    .host = "127.0.0.1";            # here: where naru listens
    .port = "8080";
    # naru may hold a blocking reload for nine seconds.
    .first_byte_timeout = 20s;
    .connect_timeout = 2s;
    .probe = { .url = "/health"; .interval = 1s; .timeout = 1s; .window = 3; .threshold = 2; .initial = 2; }
}

sub vcl_recv {
    if (req.method != "GET" && req.method != "HEAD" && req.method != "OPTIONS") { return (synth(405)); }
    if (req.method == "OPTIONS" || req.url ~ "^/api/") { return (pass); }
    unset req.http.Cookie;
    # What is old is only for the time when naru does not answer: see vcl_synth.
    set req.grace = 60s;
    if (std.healthy(req.backend_hint) && req.restarts == 0) { set req.grace = 0s; }
    return (hash);
}

# The delivery directives belong to the key; tokens and the like of single viewers do not.
sub vcl_hash {
    hash_data(regsub(req.url, "\?.*$", ""));
    if (req.url ~ "[?&]_HLS_msn=") { hash_data("msn" + regsub(req.url, "^.*[?&]_HLS_msn=([^&]*).*$", "\1")); }
    if (req.url ~ "[?&]_HLS_part=") { hash_data("part" + regsub(req.url, "^.*[?&]_HLS_part=([^&]*).*$", "\1")); }
    if (req.url ~ "[?&]_HLS_skip=") { hash_data("skip" + regsub(req.url, "^.*[?&]_HLS_skip=([^&]*).*$", "\1")); }
    return (lookup);
}

sub vcl_backend_response {
    set beresp.grace = 60s;
    # Must not take the place of an older answer that can still be given.
    if (beresp.status >= 500 && bereq.url !~ "_HLS_") { return (abandon); }
    if (beresp.status >= 400) {
        # Not kept; and those who waited for it are not to ask one after the other.
        set beresp.ttl = 1s;
        set beresp.uncacheable = true;
        return (deliver);
    }
    if (beresp.http.Cache-Control ~ "no-cache|no-store") {
        set beresp.ttl = 0s;
        set beresp.uncacheable = true;
    }
}

sub vcl_backend_error {
    if (bereq.url !~ "_HLS_") { return (abandon); }
    set beresp.ttl = 1s;
    set beresp.uncacheable = true;
    return (deliver);
}

# naru is not there, and the probe has not seen it yet: once more, now content with what is old.
sub vcl_synth {
    if (resp.status == 503 && req.restarts == 0) { return (restart); }
}

sub vcl_deliver {
    if (obj.hits > 0) { set resp.http.X-Cache = "HIT"; } else { set resp.http.X-Cache = "MISS"; }
    unset resp.http.Via;
    unset resp.http.X-Varnish;
}
