"""Uses every tool through the MCP SDK for Python, and prints what it saw as one JSON object."""

import asyncio
import json
import os
import sys

from mcp import Client, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client
from mcp.shared._httpx_utils import create_mcp_http_client


def text(result):
    return "\n".join(part.text for part in result.content)


async def use(client):
    seen = {"version": client.protocol_version}
    told = []

    async def progress(done, total, message):
        told.append(message)

    seen["tools"] = sorted(tool.name for tool in (await client.list_tools()).tools)
    at = {"thread": "python"}
    got = await client.call_tool("sandbox_acquire", at, progress_callback=progress)
    seen["acquired"] = got.structured_content["status"]
    seen["progress"] = len(told)
    got = await client.call_tool("command_run", {**at, "command": "echo hello; exit 3"})
    seen["command"] = [got.structured_content["stdout"], got.structured_content["exit_code"], got.is_error]
    path = "/mnt/user-data/workspace/p.txt"
    await client.call_tool("file_write", {**at, "path": path, "content": "one\ntwo\n"})
    seen["read"] = (await client.call_tool("file_read", {**at, "path": path})).structured_content["content"]
    seen["listed"] = [f["name"] for f in (await client.call_tool("file_list", at)).structured_content["files"]]
    seen["found"] = [m["line"] for m in (await client.call_tool("file_search", {**at, "pattern": "two"})).structured_content["matches"]]
    told.clear()
    await client.call_tool("command_run", {**at, "command": "for i in 1 2 3; do echo $i; sleep 1; done"}, progress_callback=progress)
    seen["said"] = len(told)
    # The SDK refuses an event above 1 MiB, so it is enough that it came.
    got = await client.call_tool("command_run", {**at, "command": "head -c 3000000 /dev/zero | tr '\\0' '\\001'", "max_output": 480000})
    seen["big"] = [got.structured_content["truncated"], len(got.structured_content["stdout"]) > 50000]
    got = await client.call_tool("file_read", {**at, "path": "/nowhere"})
    seen["error"] = [got.is_error, text(got).splitlines()[0].split(":")[0]]
    task = asyncio.create_task(client.call_tool("command_run", {**at, "command": "exec sleep 4322.5"}))
    for _ in range(200):
        got = await client.call_tool("command_run", {**at, "command": "pgrep -f 'sleep 4322[.]5'"})
        if got.structured_content["exit_code"] == 0:
            break
        await asyncio.sleep(0.05)
    seen["ran"] = got.structured_content["exit_code"] == 0
    task.cancel()
    try:
        await task
    except asyncio.CancelledError:
        seen["cancelled"] = True
    for _ in range(200):
        got = await client.call_tool("command_run", {**at, "command": "pgrep -f 'sleep 4322[.]5'"})
        if got.structured_content["exit_code"] != 0:
            break
        await asyncio.sleep(0.05)
    seen["gone"] = got.structured_content["exit_code"] != 0
    seen["sandboxes"] = len((await client.call_tool("sandbox_list", {})).structured_content["sandboxes"])
    seen["released"] = (await client.call_tool("sandbox_release", at)).structured_content["released"]
    seen["destroyed"] = (await client.call_tool("sandbox_destroy", at)).structured_content["destroyed"]
    return seen


async def main():
    mode = os.environ["MCP_MODE"]
    if "MCP_URL" in os.environ:
        http = create_mcp_http_client(headers={"Authorization": "Bearer " + os.environ["MCP_TOKEN"]})
        server = streamable_http_client(os.environ["MCP_URL"], http_client=http)
    else:
        server = StdioServerParameters(command=sys.argv[1], args=sys.argv[2:], env=dict(os.environ))
    async with Client(server, mode=mode) as client:
        print(json.dumps(await use(client)))


asyncio.run(main())
