# What the service has as dictionaries, for the linter.
table imprint_sites {
  "docs.example.org": "subdomain default main",
}
table imprint_origin {
  "bucket": "imprint-docs",
  "region": "us-east-1",
}
table imprint_secrets {
  "access_key": "",
  "secret_key": "",
}
