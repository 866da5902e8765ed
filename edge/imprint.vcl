# What a Fastly service in front of a bucket of Imprint's does. README.md beside this file says how to install it, and why
# each thing is so. Fastly's VCL, not Varnish's; test/translate.py says which part of the language is used.
#
# Three dictionaries belong to it: imprint_sites (which organization answers a host), imprint_origin (the bucket), and the
# private imprint_secrets (the key that reads it).
#
# A request may take several looks into the cache, one after the other, each a restart, of which Fastly allows three:
#
#   object   the object of the path. Found: the answer, or for who prefers Markdown:
#   twin       the page's Markdown. Not there:
#   page         the page after all
#   edition  not found: the object of the edition's directory. It says where a renamed edition is, and its surrogate key
#   missing  the product's own 404 page (or robots.txt, sitemap.xml), kept at the path's place under the edition's key
#   failed   the bucket does not answer

include "imprint_request";
include "imprint_answer";

sub vcl_recv {
#FASTLY recv

  # Anybody may send PURGE; only who has the service's key may purge.
  set req.http.Fastly-Purge-Requires-Auth = "1";

  if (req.restarts == 0) {
    call imprint_forget;
    if (req.method != "GET" && req.method != "HEAD" && req.method != "FASTLYPURGE") {
      error 605 "Method Not Allowed";
    }
    call imprint_site;
    if (!req.http.Fastly-SSL) {
      set req.http.Imprint-Location = "https://" req.http.Imprint-Host req.url;
      error 601 "Moved Permanently";
    }
    call imprint_organization;
    call imprint_path;
    call imprint_product;
    if (req.http.Imprint-Product == "") {
      call imprint_whole;
    } else {
      call imprint_object;
      call imprint_accept;
    }
  } else {
    # A restart would otherwise leave the answer to the one server that got the request, and nothing to the next.
    set req.http.Fastly-Force-Shield = "1";
  }

  if (req.http.Imprint-Step == "failed") {
    error 603 "Service Unavailable";
  }
  if (req.http.Imprint-Step == "nothing") {
    error 604 "Not Found";
  }
  call imprint_look;
  return(lookup);
}

# The object of this look, and its place in the cache.
sub imprint_look {
  set req.url = req.http.Imprint-Object;
  if (req.http.Imprint-Step == "twin") {
    set req.url = req.http.Imprint-Twin;
  }
  if (req.http.Imprint-Step == "edition") {
    set req.url = req.http.Imprint-Directory;
  }
  if (req.http.Imprint-Step == "missing") {
    set req.url = req.http.Imprint-Stand-In;
  }
  set req.http.Imprint-Place = req.url;
  # That a page has no twin is not that nobody can have the file.
  if (req.http.Imprint-Step == "twin") {
    set req.http.Imprint-Place = req.url " twin";
  }
  if (req.http.Imprint-Step == "missing" && req.http.Imprint-Key) {
    set req.http.Imprint-Place = req.http.Imprint-Object;
  }
  # Without this Fastly refuses files above 20 MB.
  set req.enable_segmented_caching = false;
  if (req.http.Imprint-Step == "object" && req.url ~ "(?i)[.](pdf|epub|zip|gz|tgz|bz2|xz|zst|7z|tar|iso|mp4|webm|mov|wasm|bin|whl|h5|hdf5|fits|nc|parquet)$") {
    set req.enable_segmented_caching = true;
  }
}

sub vcl_hash {
  # One object is one entry, whatever hosts and queries lead to it.
  set req.hash += req.http.Imprint-Place;
#FASTLY hash
  return(hash);
}

sub vcl_hit {
#FASTLY hit
  return(deliver);
}

sub vcl_miss {
#FASTLY miss
  call imprint_sign;
  return(fetch);
}

sub vcl_pass {
#FASTLY pass
  call imprint_sign;
  return(pass);
}

sub vcl_fetch {
#FASTLY fetch

  unset beresp.http.Set-Cookie;
  # A purge must show at once, so nothing is served while it is looked for anew; old pages are better than none, though.
  set beresp.stale_while_revalidate = 0s;
  set beresp.stale_if_error = 86400s;

  # What is kept is what S3 has.
  if (beresp.status == 304) {
    return(deliver);
  }
  # S3 is down or slow, or refuses the key: 403 is no 404, because the key may list the bucket.
  if (beresp.status != 200 && beresp.status != 206 && beresp.status != 404 && beresp.status != 416) {
    if (stale.exists) {
      return(deliver_stale);
    }
    set beresp.cacheable = false;
    set beresp.ttl = 0s;
    return(deliver);
  }

  call imprint_keep;
  return(deliver);
}

# How long an answer of S3 is kept, and by which keys it is forgotten.
# @scope: fetch
sub imprint_keep {
  if (beresp.status == 404 || beresp.status == 416) {
    if (beresp.status == 404 && req.http.Imprint-Step == "twin" && req.http.Imprint-Key) {
      # That a page has no twin is known until the page is purged, or for five minutes: the page may be the old one still.
      set beresp.http.Surrogate-Key = req.http.Imprint-Key;
      set beresp.cacheable = true;
      set beresp.ttl = 300s;
      set beresp.stale_if_error = 0s;
    } else {
      # Whose key a missing object would have is not known here.
      set beresp.cacheable = false;
      set beresp.ttl = 0s;
    }
  } else {
    if (beresp.http.x-amz-meta-surrogate-key) {
      set beresp.http.Surrogate-Key = beresp.http.x-amz-meta-surrogate-key;
    }
    if (req.http.Imprint-Step == "missing" && req.http.Imprint-Key) {
      call imprint_keep_instead;
    } else {
      if (beresp.http.x-amz-meta-surrogate-control ~ "max-age=[1-9]") {
        # Until it is purged. The metadata is no header that Fastly would have read by itself.
        set beresp.ttl = 31536000s;
      } else {
        if (beresp.http.Cache-Control !~ "max-age=[1-9]" || beresp.http.Cache-Control ~ "(no-store|no-cache|private)") {
          set beresp.cacheable = false;
          set beresp.ttl = 0s;
        }
      }
      set beresp.do_stream = true;
    }
  }
}

# The answer of a path that has no object, and of nothing else: forgotten with the path's edition and with the page itself.
# @scope: fetch
sub imprint_keep_instead {
  set beresp.http.Surrogate-Key = req.http.Imprint-Key;
  if (beresp.http.x-amz-meta-surrogate-key) {
    set beresp.http.Surrogate-Key = req.http.Imprint-Key " " beresp.http.x-amz-meta-surrogate-key;
  }
  set beresp.http.Imprint-Instead = req.http.Imprint-Stand-In-Status;
  if (req.http.Imprint-Stand-In-Status == "404") {
    set beresp.status = 404;
  }
  # It is no version of the path: S3 must not be asked whether the path still has this.
  unset beresp.http.ETag;
  unset beresp.http.Last-Modified;
  # Five minutes, in case the look for the object was before a publication and this is after its purge.
  set beresp.cacheable = true;
  set beresp.ttl = 300s;
  set beresp.stale_if_error = 0s;
}

sub vcl_deliver {
#FASTLY deliver

  # Made in vcl_error.
  if (resp.http.Imprint-Made) {
    unset resp.http.Imprint-Made;
    return(deliver);
  }

  if (resp.status != 200 && resp.status != 206 && resp.status != 304 && resp.status != 404 && resp.status != 416) {
    call imprint_failed;
  }

  # Objects that say that something is elsewhere.
  if (!resp.http.Imprint-Instead) {
    if (req.http.Imprint-Step == "edition" && req.http.Imprint-Renames && resp.http.x-amz-meta-edition-redirect ~ "^[-A-Za-z0-9_.]{1,128}$") {
      set req.http.Imprint-Location = req.http.Imprint-Root "/v/" resp.http.x-amz-meta-edition-redirect req.http.Imprint-Rest req.http.Imprint-Query;
      call imprint_moved;
      return(deliver);
    }
    if (req.http.Imprint-Step == "object" && resp.http.x-amz-meta-edition-redirect ~ "^[-A-Za-z0-9_.]{1,128}$") {
      set req.http.Imprint-Location = req.http.Imprint-Root "/v/" resp.http.x-amz-meta-edition-redirect req.http.Imprint-Query;
      call imprint_moved;
      return(deliver);
    }
    if (req.http.Imprint-Step == "object" && resp.http.x-amz-meta-dir-redirect == "true" && req.http.Imprint-Path !~ "/$") {
      call imprint_with_slash;
      call imprint_moved;
      return(deliver);
    }
    call imprint_next;
  }
  call imprint_headers;
  return(deliver);
}

sub vcl_error {
#FASTLY error

  # Fastly could not reach S3.
  if (obj.status >= 500 && obj.status < 600 && stale.exists) {
    return(deliver_stale);
  }
  set obj.http.Imprint-Made = "1";
  unset obj.http.Server;
  set obj.http.Content-Type = "text/html; charset=utf-8";
  set obj.http.Cache-Control = "no-store";
  set obj.http.X-Content-Type-Options = "nosniff";
  set obj.http.Referrer-Policy = "no-referrer";
  set obj.http.Content-Security-Policy = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
  if (obj.status == 601 || obj.status == 602) {
    set obj.http.Location = req.http.Imprint-Location;
    set obj.http.Cache-Control = "no-cache";
    set obj.status = 301;
    set obj.response = "Moved Permanently";
    synthetic {""};
    return(deliver);
  }
  if (obj.status == 604) {
    set obj.status = 404;
    set obj.response = "Not Found";
    synthetic {"<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>There is no such page</title>
<h1>There is no such page</h1>
</html>
"};
    return(deliver);
  }
  if (obj.status == 605) {
    set obj.status = 405;
    set obj.response = "Method Not Allowed";
    set obj.http.Allow = "GET, HEAD";
    synthetic {"pages can only be read
"};
    return(deliver);
  }
  set obj.status = 503;
  set obj.response = "Service Unavailable";
  set obj.http.Retry-After = "5";
  synthetic {"<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>The page could not be read</title>
<h1>The page could not be read</h1>
<p>Please try again in a moment.</p>
</html>
"};
  return(deliver);
}

sub vcl_log {
#FASTLY log
}
