"""Makes a stack's table what a restored one is, and fits what a newer bucket has to it. docs/operations.md says when.

    python3 scripts/restore.py STACKS_TABLE RESTORED_TABLE BUCKET           # says what it would do
    python3 scripts/restore.py STACKS_TABLE RESTORED_TABLE BUCKET --write   # does it

Nothing may write to the table meanwhile. It may be run again: what is done is done. Needs boto3.
"""

import sys

import boto3

# Where numbers are in the names of objects, by the counter that hands them out.
NUMBERS = {
    "BUILDS": ["_imprint/builds/", "_imprint/uploads/"],
    "EDITIONS": ["_imprint/editions/"],
    "DOCUMENTS": ["_imprint/documents/"],
}


def items(table, **scan):
    """Every item of a table, a page at a time."""
    while True:
        page = table.scan(ConsistentRead=True, **scan)
        yield from page["Items"]
        if "LastEvaluatedKey" not in page:
            return
        scan["ExclusiveStartKey"] = page["LastEvaluatedKey"]


def key(item):
    return item["PK"], item["SK"]


def copy(table, restored, write):
    """The stack's items become the restored ones: those are put, others deleted."""
    kept = set()
    with table.batch_writer() as batch:
        for item in items(restored):
            kept.add(key(item))
            if write:
                batch.put_item(Item=item)
    extra = [key(item) for item in items(table, ProjectionExpression="PK, SK") if key(item) not in kept]
    if write:
        with table.batch_writer() as batch:
            for pk, sk in extra:
                batch.delete_item(Key={"PK": pk, "SK": sk})
    print(f"{len(kept)} items as they were, {len(extra)} of after that deleted")


def folders(s3, bucket, prefix):
    """The names directly below a prefix that have something below them."""
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix, Delimiter="/")
    for page in pages:
        for found in page.get("CommonPrefixes", []):
            yield found["Prefix"][len(prefix):-1]


def raise_counters(table, s3, bucket, write):
    """No number is handed out that the bucket has already: a build would find the files of another one."""
    for counter, prefixes in NUMBERS.items():
        numbers = [int(name) for prefix in prefixes for name in folders(s3, bucket, prefix) if name.isdecimal()]
        place = {"PK": "COUNTERS", "SK": counter}
        last = int(table.get_item(Key=place, ConsistentRead=True).get("Item", {}).get("last", 0))
        greatest = max(numbers, default=0)
        if greatest > last:
            print(f"{counter}: {last} becomes {greatest}")
            if write:
                table.update_item(
                    Key=place,
                    UpdateExpression="SET #last = :greatest",
                    ExpressionAttributeNames={"#last": "last"},
                    ExpressionAttributeValues={":greatest": greatest},
                )


def part(name):
    return name.replace("%", "%25").replace("#", "%23")


def strangers(table, s3, bucket):
    """Prefixes of builds that the table does not know. A new build of that slug would publish their files as its own."""
    roots = [("default", "")] + [(org, f"_orgs/{org}/") for org in folders(s3, bucket, "_orgs/")]
    for org, root in roots:
        for product in folders(s3, bucket, root):
            if root == "" and product.startswith("_"):
                continue
            for slug in folders(s3, bucket, f"{root}{product}/builds/"):
                claim = {"PK": f"BSLUG#{part(org)}#{part(product)}#{part(slug)}", "SK": "CLAIM"}
                if "Item" not in table.get_item(Key=claim, ConsistentRead=True):
                    yield f"{root}{product}/builds/{slug}/"


def main(own, restored, bucket, *rest):
    write = "--write" in rest
    tables = boto3.resource("dynamodb")
    s3 = boto3.client("s3")
    table, restored = tables.Table(own), tables.Table(restored)
    copy(table, restored, write)
    raise_counters(table, s3, bucket, write)
    known = table if write else restored
    for prefix in strangers(known, s3, bucket):
        print(f"aws s3 rm --recursive s3://{bucket}/{prefix}")


if __name__ == "__main__":
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])
