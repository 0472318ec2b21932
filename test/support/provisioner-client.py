"""Speaks to a provisioner as deer-flow does: the requests library, no session, a key that only the URL carries or a header.

Arguments: base URL, API key or '-', thread. Prints one JSON object with what came back of each step.
"""
import hashlib
import json
import sys

import requests

base, key, thread = sys.argv[1].rstrip("/"), sys.argv[2], sys.argv[3]
old = key == "-"
headers = {} if old else {"X-API-Key": key}
name = hashlib.sha256((thread if old else "default:" + thread).encode()).hexdigest()[: 8 if old else 16]
steps = {}


def note(step, answer):
    steps[step] = {"status": answer.status_code, "body": answer.json() if "json" in answer.headers.get("content-type", "") else answer.text}
    return steps[step]["body"]


def one(step):
    return note(step, requests.get(f"{base}/api/sandboxes/{name}", headers=headers, timeout=10))


note("health", requests.get(f"{base}/health", timeout=10))
one("discover")
body = {"sandbox_id": name, "thread_id": thread}
if not old:
    body |= {"user_id": "default", "include_legacy_skills": False, "provision_lark_cli_runtime": False, "provision_lark_cli_broker": False}
note("create", requests.post(f"{base}/api/sandboxes", json=body, headers=headers, timeout=30))
one("alive")
note("list", requests.get(f"{base}/api/sandboxes", headers=headers, timeout=10))
note("bad", requests.post(f"{base}/api/sandboxes", json={"thread_id": thread}, headers=headers, timeout=30))
note("destroy", requests.delete(f"{base}/api/sandboxes/{name}", headers=headers, timeout=15))
one("dead")
print(json.dumps({"name": name, "steps": steps}))
