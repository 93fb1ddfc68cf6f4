"""The page at /docs: every operation of the OpenAPI document on one page that loads nothing from anywhere.

The usual viewers fetch scripts from outside; a server on loopback is often read where there is no outside. Pure:
document in, page out; everything in it is escaped.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from enrich.reporting.pages import page_template


def docs_page(document: Mapping[str, Any], *, address: str) -> str:
    """The page as HTML.

    Args:
        document: OpenAPI.
        address: Of the server, for the curl lines.
    """
    operations = list(_operations(document, address))
    groups = [
        {**tag, "operations": [operation for operation in operations if tag["name"] in operation["tags"]]}
        for tag in document.get("tags", ())
    ]
    return page_template("enrich.api", "docs.html.j2").render(info=document["info"], groups=groups)


def _operations(document: Mapping[str, Any], address: str) -> Iterator[dict[str, Any]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            token = ' -H "Authorization: Bearer $ENRICH_API_TOKEN"' if operation.get("security") else ""
            yield {
                "method": method.upper(),
                "path": path,
                "tags": operation.get("tags", ()),
                "text": operation.get("description", ""),
                "parameters": [_parameter(p) for p in operation.get("parameters", ())],
                "answers": [
                    {"status": status, "text": answer["description"], "example": _example(document, answer)}
                    for status, answer in operation["responses"].items()
                ],
                "curl": f'curl -X {method.upper()}{token} "{address}{path}"',
            }


def _parameter(parameter: Mapping[str, Any]) -> dict[str, str]:
    schema = parameter.get("schema", {})
    choices = [value for kind in schema.get("anyOf", (schema,)) for value in kind.get("enum", ())]
    rule = f"{schema['minimum']}–{schema['maximum']:,}" if "maximum" in schema else ", ".join(map(str, choices))
    default = schema.get("default")
    return {
        "name": parameter["name"],
        "rule": rule,
        "default": "" if default is None else str(default),
        "text": parameter.get("description", ""),
    }


def _example(document: Mapping[str, Any], answer: Mapping[str, Any]) -> str:
    schema = answer.get("content", {}).get("application/json", {}).get("schema", {})
    model = document.get("components", {}).get("schemas", {}).get(schema.get("$ref", "").rpartition("/")[2], {})
    examples = model.get("examples", ())
    return json.dumps(examples[0], indent=2, ensure_ascii=False) if examples else ""
