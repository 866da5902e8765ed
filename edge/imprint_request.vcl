# What a request asks for: the organization, the product, the object, and whether Markdown is preferred. Part of imprint.vcl.

# Nobody but this file says what is in these headers.
sub imprint_forget {
  unset req.http.Imprint-*;
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
  set req.http.Imprint-Site = var.site;
}

# What the dictionary says of it: "subdomain acme main" or "path default __main", the layout, the organization, its default
# edition.
sub imprint_organization {
  declare local var.layout STRING;
  declare local var.organization STRING;
  set var.layout = regsub(req.http.Imprint-Site, " .*$", "");
  set var.organization = regsub(req.http.Imprint-Site, {"^[^ ]* ([^ ]*) .*$"}, {"\1"});
  set req.http.Imprint-Default = regsub(req.http.Imprint-Site, "^.* ", "");
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

# Where no product is named: the organization's list of products, or its page for what is missing.
sub imprint_whole {
  set req.http.Imprint-Stand-In = req.http.Imprint-Organization "404.html";
  set req.http.Imprint-Stand-In-Status = "404";
  if (req.http.Imprint-Index) {
    set req.http.Imprint-Object = req.http.Imprint-Organization "index.html";
  } else {
    set req.http.Imprint-Step = "missing";
  }
}

# Which object answers a path below a product. Nothing here leaves the product's prefix: a product is a name of letters, digits
# and hyphens, and a path has no part that anybody could read as "up".
sub imprint_object {
  declare local var.path STRING;
  declare local var.key STRING;

  set req.http.Imprint-Place = req.http.Imprint-Organization req.http.Imprint-Product "/";
  call imprint_edition;
  set var.path = regsub(req.http.Imprint-Path, "^/", "");
  if (var.path ~ "^_downloads/" && req.http.Imprint-Edition != "") {
    set var.key = req.http.Imprint-Place "v/" req.http.Imprint-Edition req.http.Imprint-Rest;
  } else {
    if (var.path ~ "^(v|builds)$|^(v|builds|_dashboard-assets)/") {
      set var.key = req.http.Imprint-Place var.path;
    } else {
      set var.key = req.http.Imprint-Place "v/" req.http.Imprint-Default "/" var.path;
    }
    if (var.path ~ "(^|/)$") {
      set var.key = var.key "index.html";
    }
  }

  set req.http.Imprint-Stand-In = req.http.Imprint-Place "v/404.html";
  set req.http.Imprint-Stand-In-Status = "404";
  # S3's keys have 1,024 bytes; one more here, the slash before it.
  if (req.http.Imprint-Hostile || var.path ~ "(^|/)[.][.]?(/|$)" || var.key ~ "^.{1026}") {
    set req.http.Imprint-Step = "missing";
    set var.key = "/";
  } else {
    # What crawlers look for at the root of a product, where an edition may bring its own.
    if (req.http.Imprint-Path ~ "^/*(robots[.]txt|sitemap[.]xml)$") {
      set req.http.Imprint-Stand-In = req.http.Imprint-Place "v/" regsub(req.http.Imprint-Path, "^/*", "");
      set req.http.Imprint-Stand-In-Status = "200";
    }
  }
  set req.http.Imprint-Object = regsuball(regsuball(urlencode(var.key), {"%2F"}, "/"), {"%7E"}, "~");
  set req.http.Imprint-Rest = regsuball(regsuball(urlencode(req.http.Imprint-Rest), {"%2F"}, "/"), {"%7E"}, "~");
  if (req.http.Imprint-Object ~ "(?i)[^/][.]x?html?$") {
    set req.http.Imprint-Twin = regsub(req.http.Imprint-Object, "[.][A-Za-z]+$", ".md");
  }
}

# The edition that a path below a product names, what follows it, and where to look for what a missing path is told by: the
# object of its directory.
sub imprint_edition {
  declare local var.path STRING;
  declare local var.file STRING;
  declare local var.edition STRING;
  declare local var.rest STRING;

  set var.path = regsub(req.http.Imprint-Path, "^/", "");
  set var.edition = "";
  set var.rest = "";
  if (var.path ~ "^v/[^/]+") {
    set var.edition = regsub(var.path, {"^v/([^/]*).*$"}, {"\1"});
    set var.rest = regsub(var.path, "^v/[^/]*", "");
  }
  # A file that an edition offers. Directories of 32 hexadecimal digits are Sphinx's, and pages.
  if (var.path ~ "^_downloads/[^/]+/[^/]+$" && var.path !~ "^_downloads/[0-9a-f]{32}/") {
    set var.file = regsub(var.path, "^_downloads/[^/]*/", "");
    if (var.file == "search.json" || (var.file ~ "[.](pdf|epub|zip)$" && regsub(var.file, "[.][a-z]+$", "") == req.http.Imprint-Product)) {
      set var.edition = regsub(var.path, {"^_downloads/([^/]*)/.*$"}, {"\1"});
      set var.rest = "/_artifacts/" var.file;
    }
  }
  # Dots are no edition, and neither are the names of Imprint's own pages.
  if (var.edition !~ "^[-A-Za-z0-9_.]{1,128}$" || var.edition ~ "^[.]+$" || var.edition ~ "(?i)^((index|404)[.]html|(switcher|versions|search)[.]json|sitemap[.]xml|(robots|llms)[.]txt)$") {
    set var.edition = "";
  }

  set req.http.Imprint-Edition = var.edition;
  set req.http.Imprint-Rest = var.rest;
  if (var.edition != "") {
    set req.http.Imprint-Renames = "1";
    set req.http.Imprint-Directory = req.http.Imprint-Place "v/" var.edition;
  } else {
    if (var.path !~ "^(v|builds|_dashboard-assets)(/|$)") {
      set req.http.Imprint-Directory = req.http.Imprint-Place "v/" req.http.Imprint-Default;
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
