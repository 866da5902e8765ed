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
    call imprint_path;
    call imprint_product;
    call imprint_object;
    call imprint_accept;
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

# Nobody but this file says what is in these headers.
sub imprint_forget {
  unset req.http.Imprint-*;
  # S3 refuses a request with headers of its own that are not signed.
  unset req.http.x-amz-*;
  unset req.http.Cookie;
  unset req.http.Authorization;
  unset req.http.Fastly-Force-Shield;
  set req.http.Imprint-Step = "object";
  set req.http.Imprint-Object = "/";
  set req.http.Imprint-Directory = "";
}

# The organization that answers the host, and the path below its prefix, still as it was sent.
sub imprint_site {
  declare local var.host STRING;
  declare local var.path STRING;
  declare local var.key STRING;
  declare local var.site STRING;
  declare local var.layout STRING;
  declare local var.organization STRING;

  set var.host = regsub(std.tolower(req.http.host), "[.]?(:[0-9]+)?$", "");
  set var.path = regsub(req.url, "[?].*$", "");
  set req.http.Imprint-Host = var.host;
  set req.http.Imprint-Raw = var.path;
  set req.http.Imprint-Query = regsub(req.url, "^[^?]*", "");
  set req.http.Imprint-Prefix = "";
  set req.http.Imprint-Below = var.path;

  # A domain; a domain with a prefix of one, two or three parts; the domain that a product's host is in.
  set var.site = table.lookup(imprint_sites, var.host, "");
  if (var.site == "") {
    set req.http.Imprint-Prefix = regsub(var.path, {"^(/[^/]*).*$"}, {"\1"});
    set req.http.Imprint-Below = regsub(var.path, "^/[^/]*", "");
    set var.key = var.host req.http.Imprint-Prefix;
    set var.site = table.lookup(imprint_sites, var.key, "");
  }
  if (var.site == "") {
    set req.http.Imprint-Prefix = regsub(var.path, {"^(/[^/]*/[^/]*).*$"}, {"\1"});
    set req.http.Imprint-Below = regsub(var.path, "^/[^/]*/[^/]*", "");
    set var.key = var.host req.http.Imprint-Prefix;
    set var.site = table.lookup(imprint_sites, var.key, "");
  }
  if (var.site == "") {
    set req.http.Imprint-Prefix = regsub(var.path, {"^(/[^/]*/[^/]*/[^/]*).*$"}, {"\1"});
    set req.http.Imprint-Below = regsub(var.path, "^/[^/]*/[^/]*/[^/]*", "");
    set var.key = var.host req.http.Imprint-Prefix;
    set var.site = table.lookup(imprint_sites, var.key, "");
  }
  if (var.site == "") {
    set req.http.Imprint-Prefix = "";
    set req.http.Imprint-Below = var.path;
    set var.key = regsub(var.host, "^[^.]*[.]", "");
    set var.site = table.lookup(imprint_sites, var.key, "");
    if (var.site ~ "^subdomain ") {
      set req.http.Imprint-Product = regsub(var.host, "[.].*$", "");
    } else {
      set var.site = "";
    }
  }
  if (var.site == "") {
    error 604 "Not Found";
  }

  # "subdomain acme main" or "path default __main": the layout, the organization, its default edition.
  set var.layout = regsub(var.site, " .*$", "");
  set var.organization = regsub(var.site, {"^[^ ]* ([^ ]*) .*$"}, {"\1"});
  set req.http.Imprint-Default = regsub(var.site, "^.* ", "");
  set req.http.Imprint-Organization = "/";
  if (var.organization != "default") {
    set req.http.Imprint-Organization = "/_orgs/" var.organization "/";
  }
  if (req.http.Imprint-Product) {
    set var.layout = "product";
  }
  set req.http.Imprint-Layout = var.layout;
}

# The path as text. What is no text, or nothing that a file of a site can be called, is missing.
sub imprint_path {
  declare local var.path STRING;
  set var.path = req.http.Imprint-Below;
  if (var.path ~ {"%[01][0-9A-Fa-f]|%7[Ff]|[\x01-\x1f\x7f]"}) {
    set req.http.Imprint-Hostile = "1";
    set var.path = regsuball(var.path, {"%[01][0-9A-Fa-f]|%7[Ff]|[\x01-\x1f\x7f]"}, "_");
  }
  # A percent sign that encodes nothing is one, and a plus is no blank.
  set var.path = regsuball(var.path, {"%(?![0-9A-Fa-f]{2})"}, {"%25"});
  set var.path = regsuball(var.path, "[+]", {"%2B"});
  set var.path = urldecode(var.path);
  if (!utf8.is_valid(var.path)) {
    set req.http.Imprint-Product = "";
    set var.path = "/";
    set req.http.Imprint-Layout = "product";
  }
  set req.http.Imprint-Path = var.path;
}

# The product, and the path below it.
sub imprint_product {
  declare local var.path STRING;
  set req.http.Imprint-Root = req.http.Imprint-Prefix;
  if (req.http.Imprint-Layout == "subdomain") {
    # The bare domain has the list of products and nothing else.
    set req.http.Imprint-Product = "";
    if (req.http.Imprint-Path ~ "^/?(index[.]html)?$") {
      set req.http.Imprint-Index = "1";
    }
  }
  if (req.http.Imprint-Layout == "path") {
    set var.path = regsub(req.http.Imprint-Path, "^/+", "");
    set req.http.Imprint-Product = regsub(var.path, "/.*$", "");
    set req.http.Imprint-Path = regsub(var.path, "^[^/]*", "");
    if (var.path == "" || var.path == "index.html") {
      set req.http.Imprint-Index = "1";
    }
    set req.http.Imprint-Root = req.http.Imprint-Root "/" req.http.Imprint-Product;
  }
  if (req.http.Imprint-Product !~ "^[a-z][-a-z0-9]{0,61}[a-z0-9]$") {
    set req.http.Imprint-Product = "";
  }
  # Relative links would lead astray.
  if (req.http.Imprint-Layout == "path" && req.http.Imprint-Product != "" && req.http.Imprint-Path == "") {
    call imprint_with_slash;
    error 602 "Moved Permanently";
  }
}

# The same address with a slash behind it. One slash before it: two would make a host of what follows, and browsers take a
# backslash for one.
# @scope: recv,deliver
sub imprint_with_slash {
  declare local var.path STRING;
  set var.path = regsub(req.http.Imprint-Raw, {"^[/\\]+"}, "");
  if (var.path == "") {
    set req.http.Imprint-Location = "/" req.http.Imprint-Query;
  } else {
    set req.http.Imprint-Location = "/" var.path "/" req.http.Imprint-Query;
  }
}

# Which object answers, and which other ones are asked when it is not there. Nothing here leaves the product's prefix: a
# product is a name of letters, digits and hyphens, and a path has no part that S3 or we would read as "up".
sub imprint_object {
  declare local var.place STRING;
  declare local var.path STRING;
  declare local var.edition STRING;
  declare local var.file STRING;
  declare local var.rest STRING;

  if (req.http.Imprint-Product == "") {
    set req.http.Imprint-Stand-In = req.http.Imprint-Organization "404.html";
    set req.http.Imprint-Stand-In-Status = "404";
    if (req.http.Imprint-Index) {
      set req.http.Imprint-Object = req.http.Imprint-Organization "index.html";
    } else {
      set req.http.Imprint-Step = "missing";
    }
  } else {
    set var.place = req.http.Imprint-Organization req.http.Imprint-Product "/";
    set var.path = regsub(req.http.Imprint-Path, "^/", "");
    set var.edition = "";
    set var.rest = "";

    # What crawlers look for at the root of a product, unless the edition brings its own. Else the page for what is missing.
    set req.http.Imprint-Stand-In = var.place "v/404.html";
    set req.http.Imprint-Stand-In-Status = "404";
    if (req.http.Imprint-Path ~ "^/*(robots[.]txt|sitemap[.]xml)$") {
      set req.http.Imprint-Stand-In = var.place "v/" regsub(req.http.Imprint-Path, "^/*", "");
      set req.http.Imprint-Stand-In-Status = "200";
    }

    # A file that an edition offers. Directories of 32 hexadecimal digits are Sphinx's, and pages.
    set var.file = "";
    if (var.path ~ "^_downloads/[-A-Za-z0-9_.]{1,128}/[^/]+$" && var.path !~ "^_downloads/[0-9a-f]{32}/") {
      set var.file = regsub(var.path, "^_downloads/[^/]*/", "");
      set var.edition = regsub(var.path, {"^_downloads/([^/]*)/.*$"}, {"\1"});
      if (var.file == "search.json" || regsub(var.file, "[.](pdf|epub|zip)$", "") == req.http.Imprint-Product) {
        set var.rest = "/_artifacts/" var.file;
      }
      if (var.file == req.http.Imprint-Product) {
        set var.rest = "";
      }
    }
    if (var.rest == "" && var.path ~ "^v/[^/]+") {
      set var.edition = regsub(var.path, {"^v/([^/]*).*$"}, {"\1"});
      set var.rest = regsub(var.path, "^v/[^/]*", "");
      set var.file = "";
    }
    if (var.rest == "" && var.path !~ "^v/") {
      set var.edition = "";
    }
    # The names of Imprint's own pages are no editions, and neither are dots.
    if (var.edition !~ "^[-A-Za-z0-9_.]{1,128}$" || var.edition ~ "^[.]+$" || var.edition ~ "(?i)^(index[.]html|404[.]html|switcher[.]json|versions[.]json|sitemap[.]xml|robots[.]txt|llms[.]txt|search[.]json)$") {
      set var.edition = "";
    }

    if (var.edition != "") {
      set req.http.Imprint-Directory = var.place "v/" var.edition;
      set req.http.Imprint-Renames = "1";
      set req.http.Imprint-Rest = regsuball(urlencode(var.rest), {"%2F"}, "/");
    } else {
      set req.http.Imprint-Directory = "";
      if (var.path !~ "^(v|builds|_dashboard-assets)(/|$)") {
        set req.http.Imprint-Directory = var.place "v/" req.http.Imprint-Default;
      }
    }

    if (var.edition != "" && var.file != "") {
      set var.place = var.place "v/" var.edition var.rest;
    } else {
      if (var.path ~ "^(v|builds)$|^(v|builds|_dashboard-assets)/") {
        set var.place = var.place var.path;
      } else {
        set var.place = var.place "v/" req.http.Imprint-Default "/" var.path;
      }
      if (var.path ~ "(^|/)$") {
        set var.place = var.place "index.html";
      }
    }
    # S3's keys have 1,024 bytes; one more here, the slash before it.
    if (req.http.Imprint-Hostile || var.path ~ "(^|/)[.][.]?(/|$)" || var.place ~ "^.{1026}") {
      set req.http.Imprint-Step = "missing";
      set req.http.Imprint-Stand-In = req.http.Imprint-Organization req.http.Imprint-Product "/v/404.html";
      set req.http.Imprint-Stand-In-Status = "404";
      set var.place = "/";
    }
    set req.http.Imprint-Object = regsuball(regsuball(urlencode(var.place), {"%2F"}, "/"), {"%7E"}, "~");
    if (req.http.Imprint-Object ~ {"(?i)[^/][.]x?html?$"}) {
      set req.http.Imprint-Twin = regsub(req.http.Imprint-Object, "[.][A-Za-z]+$", ".md");
    }
  }
}

# Whether the reader would rather have a page as Markdown: by its name, and not less than HTML.
sub imprint_accept {
  declare local var.accept STRING;
  declare local var.markdown INTEGER;
  declare local var.other INTEGER;

  if (req.http.Imprint-Twin && req.http.Accept) {
    std.collect(req.http.Accept);
    set var.accept = std.tolower(req.http.Accept);
    if (var.accept ~ {"(^|,)[ \t]*text/markdown[ \t]*(;|,|$)"}) {
      set req.http.Imprint-Range = regsub(var.accept, {"^(?:.*,)?[ \t]*text/markdown[ \t]*((?:;[^,]*)?)(?:,.*)?$"}, {"\1"});
      call imprint_weight;
      set var.markdown = std.atoi(req.http.Imprint-Weight);

        set req.http.Imprint-Weight = "0";
      if (var.accept ~ {"(^|,)[ \t]*text/html[ \t]*(;|,|$)"}) {
        set req.http.Imprint-Range = regsub(var.accept, {"^(?:.*,)?[ \t]*text/html[ \t]*((?:;[^,]*)?)(?:,.*)?$"}, {"\1"});
        call imprint_weight;
      } else {
        if (var.accept ~ {"(^|,)[ \t]*text/[*][ \t]*(;|,|$)"}) {
          set req.http.Imprint-Range = regsub(var.accept, {"^(?:.*,)?[ \t]*text/[*][ \t]*((?:;[^,]*)?)(?:,.*)?$"}, {"\1"});
          call imprint_weight;
        } else {
          if (var.accept ~ {"(^|,)[ \t]*[*]/[*][ \t]*(;|,|$)"}) {
            set req.http.Imprint-Range = regsub(var.accept, {"^(?:.*,)?[ \t]*[*]/[*][ \t]*((?:;[^,]*)?)(?:,.*)?$"}, {"\1"});
            call imprint_weight;
          }
        }
      }
      set var.other = std.atoi(req.http.Imprint-Weight);
      if (var.markdown > 0 && var.markdown >= var.other) {
        set req.http.Imprint-Markdown = "1";
        # What the reader has is the other one of the two.
        if (req.http.If-None-Match) {
          set req.http.Imprint-If-None-Match = req.http.If-None-Match;
          unset req.http.If-None-Match;
        }
        if (req.http.If-Modified-Since) {
          set req.http.Imprint-If-Modified-Since = req.http.If-Modified-Since;
          unset req.http.If-Modified-Since;
        }
      }
    }
  }
}

# The weight of a range in thousandths. What is no weight is none.
sub imprint_weight {
  declare local var.weight STRING;
  set req.http.Imprint-Weight = "1000";
  if (req.http.Imprint-Range ~ {";[ \t]*q[ \t]*="}) {
    set var.weight = regsub(req.http.Imprint-Range, {"^.*?;[ \t]*q[ \t]*=[ \t]*([^;]*?)[ \t]*(?:;.*)?$"}, {"\1"});
    if (var.weight !~ {"^1([.][0-9]{0,3})?$"}) {
      set req.http.Imprint-Weight = "0";
      if (var.weight ~ {"^0[.][0-9]{0,3}$"}) {
        set var.weight = var.weight "000";
        set req.http.Imprint-Weight = regsub(var.weight, {"^0[.](...).*$"}, {"\1"});
      }
    }
  }
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

# The bucket is private: each request is signed (AWS Signature Version 4).
# @scope: miss,pass
sub imprint_sign {
  declare local var.bucket STRING;
  declare local var.region STRING;
  declare local var.date STRING;
  declare local var.scope STRING;
  declare local var.signed STRING;
  declare local var.request STRING;
  declare local var.text STRING;
  declare local var.signature STRING;

  set var.bucket = table.lookup(imprint_origin, "bucket", "");
  set var.region = table.lookup(imprint_origin, "region", "");
  unset bereq.http.Imprint-*;
  unset bereq.http.x-amz-*;
  unset bereq.http.Cookie;
  set bereq.http.host = var.bucket ".s3." var.region ".amazonaws.com";
  set bereq.http.x-amz-content-sha256 = digest.hash_sha256("");
  set bereq.http.x-amz-date = strftime({"%Y%m%dT%H%M%SZ"}, now);
  set var.date = regsub(bereq.http.x-amz-date, "T.*$", "");
  set var.scope = var.date "/" var.region "/s3/aws4_request";
  set var.signed = "host;x-amz-content-sha256;x-amz-date";
  # HEAD is asked for as GET, because the whole object is what is kept.
  set bereq.method = "GET";
  set var.request = "GET" LF bereq.url LF LF "host:" bereq.http.host LF "x-amz-content-sha256:" bereq.http.x-amz-content-sha256 LF "x-amz-date:" bereq.http.x-amz-date LF LF var.signed LF bereq.http.x-amz-content-sha256;
  set var.text = "AWS4-HMAC-SHA256" LF bereq.http.x-amz-date LF var.scope LF digest.hash_sha256(var.request);
  set var.signature = digest.awsv4_hmac(table.lookup(imprint_secrets, "secret_key", ""), var.date, var.region, "s3", var.text);
  set bereq.http.Authorization = "AWS4-HMAC-SHA256 Credential=" table.lookup(imprint_secrets, "access_key", "") "/" var.scope ", SignedHeaders=" var.signed ", Signature=" regsub(var.signature, "^0x", "");
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

  if (beresp.status == 404 || beresp.status == 416) {
    # That a page has no twin is known until the page is purged, or for five minutes: the page may be the old one still.
    if (beresp.status == 404 && req.http.Imprint-Step == "twin" && req.http.Imprint-Key) {
      set beresp.http.Surrogate-Key = req.http.Imprint-Key;
      set beresp.cacheable = true;
      set beresp.ttl = 300s;
      set beresp.stale_if_error = 0s;
      return(deliver);
    }
    # Whose key a missing object would have is not known here: it is not kept.
    set beresp.cacheable = false;
    set beresp.ttl = 0s;
    return(deliver);
  }

  if (beresp.http.x-amz-meta-surrogate-key) {
    set beresp.http.Surrogate-Key = beresp.http.x-amz-meta-surrogate-key;
  }
  if (req.http.Imprint-Step == "missing" && req.http.Imprint-Key) {
    # The answer of a path that has no object, and of nothing else. Five minutes, in case the look for the object was
    # before a publication and this is after its purge.
    set beresp.http.Surrogate-Key = req.http.Imprint-Key;
    if (beresp.http.x-amz-meta-surrogate-key) {
      set beresp.http.Surrogate-Key = req.http.Imprint-Key " " beresp.http.x-amz-meta-surrogate-key;
    }
    set beresp.http.Imprint-Instead = req.http.Imprint-Stand-In-Status;
    # It is no version of the path: S3 must not be asked whether the path still has this.
    unset beresp.http.ETag;
    unset beresp.http.Last-Modified;
    if (req.http.Imprint-Stand-In-Status == "404") {
      set beresp.status = 404;
    }
    set beresp.cacheable = true;
    set beresp.ttl = 300s;
    set beresp.stale_if_error = 0s;
    return(deliver);
  }
  if (beresp.http.x-amz-meta-surrogate-control ~ "max-age=[1-9]") {
    # Until it is purged. The metadata is no header that Fastly would have read by itself.
    set beresp.cacheable = true;
    set beresp.ttl = 31536000s;
  } else {
    if (beresp.http.Cache-Control !~ "max-age=[1-9]" || beresp.http.Cache-Control ~ "(no-store|no-cache|private)") {
      set beresp.cacheable = false;
      set beresp.ttl = 0s;
    }
  }
  set beresp.do_stream = true;
  return(deliver);
}

sub vcl_deliver {
#FASTLY deliver

  # Made in vcl_error.
  if (resp.http.Imprint-Made) {
    unset resp.http.Imprint-Made;
    return(deliver);
  }

  if (resp.status != 200 && resp.status != 206 && resp.status != 304 && resp.status != 404 && resp.status != 416) {
    if (!req.http.Imprint-Retried && req.restarts < 2) {
      set req.http.Imprint-Retried = "1";
      restart;
    }
    if (req.restarts < 3) {
      set req.http.Imprint-Step = "failed";
      restart;
    }
    set resp.status = 503;
  }

  if (req.http.Imprint-Step == "edition") {
    if (resp.status == 200 && req.http.Imprint-Renames && resp.http.x-amz-meta-edition-redirect ~ "^[-A-Za-z0-9_.]{1,128}$") {
      set req.http.Imprint-Location = "/v/" resp.http.x-amz-meta-edition-redirect req.http.Imprint-Rest;
      call imprint_moved;
      return(deliver);
    }
    if (resp.status == 200 && resp.http.x-amz-meta-surrogate-key ~ "^[!-~]{1,1024}$") {
      set req.http.Imprint-Key = resp.http.x-amz-meta-surrogate-key;
    }
    set req.http.Imprint-Step = "missing";
    restart;
  }

  if (req.http.Imprint-Step == "twin" && (resp.status == 404 || resp.http.Content-Type !~ "(?i)^text/markdown")) {
    # A 304 has no type, and is of the twin that the reader has.
    if (resp.status != 304) {
      set req.http.Imprint-Step = "page";
      restart;
    }
  }

  if ((req.http.Imprint-Step == "object" || req.http.Imprint-Step == "page") && !resp.http.Imprint-Instead) {
    if (resp.http.x-amz-meta-edition-redirect ~ "^[-A-Za-z0-9_.]{1,128}$") {
      set req.http.Imprint-Location = "/v/" resp.http.x-amz-meta-edition-redirect;
      call imprint_moved;
      return(deliver);
    }
    if (resp.http.x-amz-meta-dir-redirect == "true" && req.http.Imprint-Path !~ "/$") {
      call imprint_with_slash;
      set req.http.Imprint-Root = "";
      set req.http.Imprint-Query = "";
      call imprint_moved;
      return(deliver);
    }
    if (resp.status == 404 && req.restarts < 3) {
      unset req.http.If-None-Match;
      unset req.http.If-Modified-Since;
      unset req.http.Range;
      set req.http.Imprint-Step = "missing";
      if (req.http.Imprint-Directory != "" && req.restarts < 2) {
        set req.http.Imprint-Step = "edition";
      }
      restart;
    }
    if (req.http.Imprint-Step == "object" && req.http.Imprint-Markdown && resp.status == 200) {
      if (resp.http.x-amz-meta-surrogate-key ~ "^[!-~]{1,1024}$") {
        set req.http.Imprint-Key = resp.http.x-amz-meta-surrogate-key;
      }
      if (req.http.Imprint-If-None-Match) {
        set req.http.If-None-Match = req.http.Imprint-If-None-Match;
      }
      if (req.http.Imprint-If-Modified-Since) {
        set req.http.If-Modified-Since = req.http.Imprint-If-Modified-Since;
      }
      set req.http.Imprint-Step = "twin";
      restart;
    }
  }

  if (req.http.Imprint-Step == "missing" && !resp.http.Imprint-Instead) {
    if (resp.status == 404 && req.restarts < 3) {
      set req.http.Imprint-Step = "nothing";
      restart;
    }
    if (req.http.Imprint-Stand-In-Status == "404") {
      set resp.status = 404;
    }
  }
  call imprint_headers;
  return(deliver);
}

# A redirect in place of the (empty) object that said so. Names may be used again, so browsers ask each time.
# @scope: deliver
sub imprint_moved {
  set resp.status = 301;
  set resp.response = "Moved Permanently";
  set resp.http.Location = req.http.Imprint-Root req.http.Imprint-Location req.http.Imprint-Query;
  set resp.http.Cache-Control = "no-cache";
  unset resp.http.ETag;
  unset resp.http.Last-Modified;
  unset resp.http.Content-Type;
  call imprint_headers;
}

# What readers get besides the object's own headers, and what they do not.
# @scope: deliver
sub imprint_headers {
  # Pages that have Markdown beside them, or may have it tomorrow.
  if (req.http.Imprint-Twin && (resp.status == 200 || resp.status == 206 || resp.status == 304)) {
    if (resp.http.Vary) {
      set resp.http.Vary = resp.http.Vary ", Accept";
    } else {
      set resp.http.Vary = "Accept";
    }
  }
  # Imprint's own pages. Published sites may need to be framed.
  if (resp.http.Imprint-Instead || req.url ~ "^/(_orgs/[^/]+/)?[a-z][-a-z0-9]*/((v|builds)(/[^/]+)?$|_dashboard-assets/)" || req.url ~ "^/(_orgs/[^/]+/)?(index|404)[.]html$") {
    set resp.http.X-Content-Type-Options = "nosniff";
    set resp.http.Referrer-Policy = "no-referrer";
    set resp.http.Content-Security-Policy = "frame-ancestors 'none'";
  }
  unset resp.http.Imprint-*;
  unset resp.http.x-amz-*;
  unset resp.http.Server;
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
