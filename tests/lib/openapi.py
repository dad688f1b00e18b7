"""Holds answers of a server against web/openapi.json: the operation, the status, the body's schema.

Knows just the parts of JSON Schema that the document uses; a keyword that it does not know is an error, so
that nothing is believed to be checked that is not. Python 3.11 standard library only.
"""

import datetime
import json
import os
import re
import uuid

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TYPES = {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None)}
WORDS = {"description", "format", "$ref", "type", "enum", "properties", "required", "additionalProperties", "items", "minItems",
         "maxItems", "pattern", "oneOf", "minimum", "maximum", "minLength", "maxLength"}  # fmt: skip


class Misfit(Exception):
    pass


def is_type(value, name):
    if name in ("integer", "number"):
        whole = isinstance(value, int) or (isinstance(value, float) and name == "number")
        return whole and not isinstance(value, bool)
    return isinstance(value, TYPES[name])


def check_format(value, name, place):
    if not isinstance(value, str):
        return
    try:
        if name == "date-time":
            if not value.endswith("Z"):
                raise ValueError("not UTC")
            datetime.datetime.fromisoformat(value.replace("Z", "+00:00"))
        elif name == "uuid":
            uuid.UUID(value)
        else:
            raise Misfit(f"{place}: the checker does not know format {name}")
    except ValueError as error:
        raise Misfit(f"{place}: {value!r} is no {name}") from error


class Document:
    def __init__(self, path=os.path.join(ROOT, "web", "openapi.json")):
        with open(path, encoding="utf-8") as file:
            self.tree = json.load(file)

    def operations(self):
        return {(method.upper(), path): op for path, item in self.tree["paths"].items() for method, op in item.items()}

    def resolve(self, node):
        while "$ref" in node:
            target = self.tree
            for word in node["$ref"].removeprefix("#/").split("/"):
                target = target[word]
            node = target
        return node

    def check(self, value, schema, place="body"):
        schema = self.resolve(schema)
        unknown = set(schema) - WORDS
        if unknown:
            raise Misfit(f"{place}: the checker does not know {sorted(unknown)}")
        if "oneOf" in schema:
            fits = [branch for branch in schema["oneOf"] if self.fits(value, branch, place)]
            if len(fits) != 1:
                raise Misfit(f"{place}: {value!r} fits {len(fits)} of the alternatives")
        names = schema.get("type", [])
        names = [names] if isinstance(names, str) else names
        if names and not any(is_type(value, name) for name in names):
            raise Misfit(f"{place}: {value!r} is not of type {names}")
        if "enum" in schema and value not in schema["enum"]:
            raise Misfit(f"{place}: {value!r} is none of {schema['enum']}")
        if "format" in schema:
            check_format(value, schema["format"], place)
        self.check_bounds(value, schema, place)
        if isinstance(value, dict):
            self.check_object(value, schema, place)
        if isinstance(value, list) and "items" in schema:
            for i, item in enumerate(value):
                self.check(item, schema["items"], f"{place}[{i}]")

    def fits(self, value, schema, place):
        try:
            self.check(value, schema, place)
            return True
        except Misfit:
            return False

    def check_bounds(self, value, schema, place):
        size = len(value) if isinstance(value, (str, list)) else None
        kind = "Length" if isinstance(value, str) else "Items"
        if size is not None and not schema.get("min" + kind, 0) <= size <= schema.get("max" + kind, size):
            raise Misfit(f"{place}: {size} is too few or too many")
        if isinstance(value, str) and "pattern" in schema and not re.search(schema["pattern"], value):
            raise Misfit(f"{place}: {value!r} does not match {schema['pattern']}")
        if isinstance(value, (int, float)) and not schema.get("minimum", value) <= value <= schema.get("maximum", value):
            raise Misfit(f"{place}: {value} is out of range")

    def check_object(self, value, schema, place):
        properties = schema.get("properties", {})
        missing = [name for name in schema.get("required", []) if name not in value]
        if missing:
            raise Misfit(f"{place}: {missing} missing")
        for name, member in value.items():
            if name in properties:
                self.check(member, properties[name], f"{place}.{name}")
            elif schema.get("additionalProperties") is False:
                raise Misfit(f"{place}.{name} is not documented")

    def check_answer(self, operation, status, content_type, body):
        """The status is documented for the operation, and the body fits what is documented for it."""
        responses = self.operations()[operation]["responses"]
        if str(status) not in responses:
            raise Misfit(f"{operation}: {status} is not documented (body {body[:200]!r})")
        content = self.resolve(responses[str(status)]).get("content")
        if not content:
            if body:
                raise Misfit(f"{operation}: {status} has a body")
            return
        documented = next((content[t] for t in (content_type, content_type.split(";")[0], "*/*") if t in content), None)
        if documented is None:
            raise Misfit(f"{operation}: {status} came as {content_type!r}, documented is {sorted(content)}")
        if documented.get("schema") and "json" in content_type:
            self.check(json.loads(body), documented["schema"])
