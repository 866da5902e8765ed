"""Deploys template.yaml onto an emulator of AWS, and tells what its functions logged. Called by scripts/deployed.sh.

    deployed.py deploy CODE FASTLY OUT    zips and deploys CODE/<function>/bootstrap; OUT says where everything is, in JSON
    deployed.py logs                      prints the last lines of each function that logged a warning or worse
    deployed.py refusals                  fails when a function was refused something that its role does not grant

Where AWS is, AWS_ENDPOINT_URL says. What the overlay does and what the emulator hides, deployed.sh lists.
"""

import io
import json
import os
import pathlib
import re
import secrets
import sys
import time
import urllib.parse
import zipfile
from concurrent.futures import ThreadPoolExecutor

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

STACK = "imprint-dev"
BUCKET = "imprint-dev-example-org"
ARTIFACTS = "imprint-dev-artifacts"
FASTLY_SECRET = "imprint-dev-fastly"
FASTLY_SERVICE = "deployed"
USER = "first"
TEMPLATE = pathlib.Path("template.yaml")
# The functions that have the CDN's key, and so those that may call it.
CALL_FASTLY = ["purge-cdn", "render-dashboard", "retain"]


def client(service):
    return boto3.client(service, config=Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}))


def packaged(text):
    """What `sam package` makes of the template: code lies in a bucket. Nothing else differs."""
    return re.subn(r"^( +CodeUri: )functions/([a-z-]+)$", rf"\1s3://{ARTIFACTS}/\2.zip", text, flags=re.M)


def zipped(program):
    """As Lambda wants it. Packed fast: it is unpacked on the same machine."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.write(program, "bootstrap")
    return packed.getvalue()


def upload(code):
    s3 = client("s3")
    s3.create_bucket(Bucket=ARTIFACTS)
    programs = sorted(code.glob("*/bootstrap"))

    def put(program):
        body = zipped(program)
        s3.put_object(Bucket=ARTIFACTS, Key=f"{program.parent.name}.zip", Body=body)
        return len(body)

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        total = sum(pool.map(put, programs))
    text, count = packaged(TEMPLATE.read_text())
    if count != len(programs):
        sys.exit(f"the template has {count} functions, and there are {len(programs)} programs")
    # Too long to be sent in a request, so it goes where `sam deploy` puts it.
    s3.put_object(Bucket=ARTIFACTS, Key="template.yaml", Body=text.encode())
    print(f"            {count} programs, {total / 1e6:.0f} MB as zips")


def create(password):
    client("secretsmanager").create_secret(Name=FASTLY_SECRET, SecretString=secrets.token_urlsafe())
    parameters = {
        "Stage": "dev",
        "Domain": "docs.example.org",
        "BucketName": BUCKET,
        "Architecture": "x86_64",
        "FastlyService": FASTLY_SERVICE,
        "FastlySecret": FASTLY_SECRET,
        "BootstrapUser": USER,
        "BootstrapPassword": password,
        "LogLevel": "debug",
    }
    cloudformation = client("cloudformation")
    change = cloudformation.create_change_set(
        StackName=STACK,
        ChangeSetName="first",
        ChangeSetType="CREATE",
        TemplateURL=f"{client('s3').meta.endpoint_url}/{ARTIFACTS}/template.yaml",
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
    )["Id"]

    def change_set():
        found = cloudformation.describe_change_set(ChangeSetName=change)
        return found["Status"], [found.get("StatusReason", "")]

    def stack():
        found = cloudformation.describe_stacks(StackName=STACK)["Stacks"][0]
        return found["StackStatus"], failures()

    until_complete(change_set)
    cloudformation.execute_change_set(ChangeSetName=change)
    until_complete(stack)


def failures():
    return [
        f"{event['LogicalResourceId']} {event['ResourceStatus']}: {event.get('ResourceStatusReason', '')}"
        for event in client("cloudformation").describe_stack_events(StackName=STACK)["StackEvents"]
        if event["ResourceStatus"].endswith("FAILED")
    ]


def until_complete(look):
    for _ in range(600):
        status, reasons = look()
        if status == "CREATE_COMPLETE":
            return
        if "FAILED" in status or "ROLLBACK" in status:
            sys.exit("\n".join([f"CloudFormation says {status}", *reasons]))
        time.sleep(0.1)
    sys.exit(f"CloudFormation says {status} for a minute")


def resources():
    pages = client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=STACK)
    return {
        found["LogicalResourceId"]: found["PhysicalResourceId"] for page in pages for found in page["StackResourceSummaries"]
    }


def add_routes(api):
    """The route that the template's HTTP API has in its OpenAPI body, which the emulator does not read."""
    gateway = client("apigatewayv2")
    if gateway.get_routes(ApiId=api)["Items"]:
        return
    function = client("lambda").get_function(FunctionName=f"{STACK}-api")["Configuration"]["FunctionArn"]
    integration = gateway.create_integration(
        ApiId=api, IntegrationType="AWS_PROXY", IntegrationUri=function, PayloadFormatVersion="2.0"
    )["IntegrationId"]
    gateway.create_route(ApiId=api, RouteKey="$default", Target=f"integrations/{integration}")


def allow_batches():
    """On AWS who may send a message may send ten (sqs:SendMessage). The emulator asks for a right of its own."""
    iam = client("iam")
    batches = {"sqs:SendMessage": "sqs:SendMessageBatch", "sqs:DeleteMessage": "sqs:DeleteMessageBatch"}
    for role in [role["RoleName"] for page in iam.get_paginator("list_roles").paginate() for role in page["Roles"]]:
        granted = []
        for name in iam.list_role_policies(RoleName=role)["PolicyNames"]:
            for statement in iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]["Statement"]:
                actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
                also = [batches[action] for action in actions if action in batches]
                if also:
                    granted.append({"Effect": "Allow", "Action": also, "Resource": statement["Resource"]})
        if granted:
            document = json.dumps({"Version": "2012-10-17", "Statement": granted})
            iam.put_role_policy(RoleName=role, PolicyName="batches", PolicyDocument=document)


def turn_to_recorder(fastly):
    functions = client("lambda")
    for name in CALL_FASTLY:
        name = f"{STACK}-{name}"
        variables = functions.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
        variables["IMPRINT_FASTLY_API"] = fastly
        functions.update_function_configuration(FunctionName=name, Environment={"Variables": variables})


def rights_count():
    """Whoever has no rights is refused, or the functions' roles would mean nothing here."""
    iam = client("iam")
    iam.create_user(UserName="nobody")
    key = iam.create_access_key(UserName="nobody")["AccessKey"]
    nobody = boto3.client("s3", aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"])
    try:
        nobody.list_objects_v2(Bucket=BUCKET)
    except ClientError as refusal:
        if refusal.response["Error"]["Code"] == "AccessDenied":
            return
        raise
    sys.exit("the emulator asks nobody for rights")


def hurry_sweep():
    """The emulator's clock cannot be moved, and a test does not wait for two minutes."""
    events = client("events")
    rule = f"{STACK}-sweep"
    (target,) = events.list_targets_by_rule(Rule=rule)["Targets"]
    target["Input"] = json.dumps(json.loads(target["Input"]) | {"older_than_seconds": 20})
    events.put_targets(Rule=rule, Targets=[target])


def deploy(code, fastly, out):
    password = secrets.token_urlsafe()
    upload(pathlib.Path(code))
    create(password)
    found = resources()
    add_routes(found["HttpApi"])
    rights_count()
    allow_batches()
    turn_to_recorder(fastly)
    hurry_sweep()
    aws = urllib.parse.urlsplit(os.environ["AWS_ENDPOINT_URL"])
    deployment = {
        "aws": aws.netloc,
        "region": os.environ["AWS_DEFAULT_REGION"],
        "access_key": os.environ["AWS_ACCESS_KEY_ID"],
        "secret_key": os.environ["AWS_SECRET_ACCESS_KEY"],
        "api_host": f"{found['HttpApi']}.execute-api.localhost",
        "user": USER,
        "password": password,
        "stack": STACK,
        "bucket": found["DocsBucket"],
        "table": found["Catalog"],
        "fastly_port": urllib.parse.urlsplit(fastly).port,
        "fastly_service": FASTLY_SERVICE,
        "register_build_mapping": found["RegisterBuildFunctionRequested"],
    }
    pathlib.Path(out).write_text(json.dumps(deployment))


def logged():
    """Every function's log group with its lines."""
    logs = client("logs")
    for group in logs.describe_log_groups(logGroupNamePrefix=f"/imprint/{STACK}/")["logGroups"]:
        pages = logs.get_paginator("filter_log_events").paginate(logGroupName=group["logGroupName"])
        yield group["logGroupName"], [event["message"].rstrip() for page in pages for event in page["events"]]


def show_logs():
    for group, lines in logged():
        if any('"level":"WARN"' in line or '"level":"ERROR"' in line or "panicked" in line for line in lines):
            print(f"--- the last lines of {group}")
            print("\n".join(lines[-30:]))


def find_refusals():
    """Another function may have done later what one was refused, so that nobody noticed."""
    refusals = [f"{group}: {line}" for group, lines in logged() for line in lines if "AccessDenied" in line]
    if refusals:
        sys.exit("\n".join(refusals[:10]))


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["deploy", code, fastly, out]:
            deploy(code, fastly, out)
        case ["logs"]:
            show_logs()
        case ["refusals"]:
            find_refusals()
        case _:
            sys.exit(__doc__)
