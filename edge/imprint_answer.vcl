# How the bucket is asked, and what becomes of its answers. Part of imprint.vcl.

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
  # S3 refuses a request with headers of its own that are not signed. Authorization is written over below.
  unset bereq.http.x-amz-*;
  unset bereq.http.Cookie;
  set bereq.http.host = var.bucket ".s3." var.region ".amazonaws.com";
  set bereq.http.x-amz-content-sha256 = regsub(digest.hash_sha256(""), "^0x", "");
  set bereq.http.x-amz-date = strftime({"%Y%m%dT%H%M%SZ"}, now);
  set var.date = regsub(bereq.http.x-amz-date, "T.*$", "");
  set var.scope = var.date "/" var.region "/s3/aws4_request";
  set var.signed = "host;x-amz-content-sha256;x-amz-date";
  # HEAD is asked for as GET, because the whole object is what is kept.
  set bereq.method = "GET";
  set var.request = "GET" LF bereq.url LF LF "host:" bereq.http.host LF "x-amz-content-sha256:" bereq.http.x-amz-content-sha256 LF "x-amz-date:" bereq.http.x-amz-date LF LF var.signed LF bereq.http.x-amz-content-sha256;
  set var.text = "AWS4-HMAC-SHA256" LF bereq.http.x-amz-date LF var.scope LF regsub(digest.hash_sha256(var.request), "^0x", "");
  set var.signature = digest.awsv4_hmac(table.lookup(imprint_secrets, "secret_key", ""), var.date, var.region, "s3", var.text);
  set bereq.http.Authorization = "AWS4-HMAC-SHA256 Credential=" table.lookup(imprint_secrets, "access_key", "") "/" var.scope ", SignedHeaders=" var.signed ", Signature=" regsub(var.signature, "^0x", "");
}

# S3 failed. Once more, and then the page that says so.
# @scope: deliver
sub imprint_failed {
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

# The next look, unless this one was the last.
# @scope: deliver
sub imprint_next {
  if (req.http.Imprint-Step == "edition") {
    if (resp.status == 200 && resp.http.x-amz-meta-surrogate-key ~ "^[!-~]{1,1024}$") {
      set req.http.Imprint-Key = resp.http.x-amz-meta-surrogate-key;
    }
    set req.http.Imprint-Step = "missing";
    restart;
  }
  # A 304 has no type; it is of the twin that the reader has.
  if (req.http.Imprint-Step == "twin" && resp.status != 304 && (resp.status == 404 || resp.http.Content-Type !~ "(?i)^text/markdown")) {
    set req.http.Imprint-Step = "page";
    restart;
  }
  if (req.http.Imprint-Step == "object" && resp.status == 200 && req.http.Imprint-Markdown) {
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
  if ((req.http.Imprint-Step == "object" || req.http.Imprint-Step == "page") && resp.status == 404 && req.restarts < 3) {
    unset req.http.If-None-Match;
    unset req.http.If-Modified-Since;
    unset req.http.Range;
    set req.http.Imprint-Step = "missing";
    if (req.http.Imprint-Directory != "" && req.restarts < 2) {
      set req.http.Imprint-Step = "edition";
    }
    restart;
  }
  if (req.http.Imprint-Step == "missing") {
    if (resp.status == 404 && req.restarts < 3) {
      set req.http.Imprint-Step = "nothing";
      restart;
    }
    if (req.http.Imprint-Stand-In-Status == "404") {
      set resp.status = 404;
    }
  }
}

# A redirect in place of the (empty) object that said so. Names may be used again, so browsers ask each time.
# @scope: deliver
sub imprint_moved {
  set resp.status = 301;
  set resp.response = "Moved Permanently";
  set resp.http.Location = req.http.Imprint-Location;
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
