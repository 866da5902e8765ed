"""What schemathesis must not ask: API Gateway decodes a path before it hands it on, so a part with an encoded slash or
question mark is another path by then, and its answer that of another operation."""

from urllib.parse import unquote

import schemathesis


def stays_one_part(value) -> bool:
    # Some come here encoded already.
    return not any(sign in unquote(str(value)) for sign in "/?")


@schemathesis.hook
def filter_case(context, case) -> bool:
    return all(stays_one_part(value) for value in (case.path_parameters or {}).values())


@schemathesis.hook
def filter_path_parameters(context, path_parameters) -> bool:
    return all(stays_one_part(value) for value in (path_parameters or {}).values())
