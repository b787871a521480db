"""A small MCP server of the protocol's first kind, with faults: `python -m tests.tools.mcp_plain FAULT ...`."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from typing import Any

FAULTS = frozenset(sys.argv[1:])
OBJECT = {"type": "object", "properties": {}}
ASKED = ("sampling/createMessage", "elicitation/create", "roots/list")
PARAMETERS: dict[str, Any] = {
    "sampling/createMessage": {"messages": [], "maxTokens": 1},
    "elicitation/create": {"message": "?", "requestedSchema": OBJECT},
    "roots/list": {},
}

tools: list[dict[str, Any]] = [
    {"name": "echo", "inputSchema": {"type": "object", "properties": {"text": {"type": "string"}}}}
]


def send(**message: Any) -> None:
    """One message to the client."""
    print(json.dumps({"jsonrpc": "2.0", **message}), flush=True)


def receive() -> dict[str, Any]:
    """The next message; the end of the input ends the process."""
    line = sys.stdin.readline()
    if not line:
        if "stubborn" in FAULTS:
            time.sleep(600)
        sys.exit()
    return dict(json.loads(line))


def declined() -> str:
    """What the client answers to requests that it does not have to serve."""
    codes = []
    for number, method in enumerate(ASKED):
        send(id=f"mine-{number}", method=method, params=PARAMETERS[method])
        answer = receive()
        codes.append(f"{answer['id']} {'error' in answer}")
    return ", ".join(codes)


def call(arguments: dict[str, Any]) -> dict[str, Any]:
    """The result of the one tool."""
    text = str(arguments.get("text"))
    if "asks" in FAULTS:
        text = declined()
    if "long" in FAULTS:
        text = "x" * (33 * 2**20)
    if "changes" in FAULTS:
        tools.append({"name": "fresh", "inputSchema": OBJECT})
        if "silently" not in FAULTS:
            send(method="notifications/tools/list_changed")
    if "no-result" in FAULTS:
        return {"content": "none"}
    return {"content": [{"type": "text", "text": text}]}


def answer(method: str, parameters: dict[str, Any]) -> dict[str, Any] | None:
    """What a request gets."""
    match method:
        case "initialize":
            capabilities = {"tools": {"listChanged": True}}
            about = {"name": "plain", "version": "1"}
            version = parameters["protocolVersion"]
            return {"protocolVersion": version, "capabilities": capabilities, "serverInfo": about}
        case "tools/list":
            return {"tools": tools} | ({"nextCursor": "more"} if "no-end" in FAULTS else {})
        case "tools/call":
            return call(parameters.get("arguments", {}))
    return None


def main() -> None:
    """Serve until the input ends."""
    if "exits" in FAULTS:
        sys.exit(1)
    if "stderr" in FAULTS:
        sys.stderr.write("a secret\n" * 200_000)
    while "noise" in FAULTS:
        print("starting…", flush=True)
    if "stubborn" in FAULTS:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        child = subprocess.Popen((sys.executable, "-c", "import time; time.sleep(600)"))
        tools[0]["description"] = str(child.pid)
    if "odd" in FAULTS:
        more = [
            ("a b", OBJECT),
            ("a_b", OBJECT),
            ("n" * 80, OBJECT),
            ("broken", {"type": "object", "properties": {"x": {"type": 3}}}),
        ]
        tools.extend({"name": name, "inputSchema": schema, "description": "d" * 2000} for name, schema in more)
    while True:
        request = receive()
        if "mute" in FAULTS:
            continue
        if "rubbish" in FAULTS:
            print("debug: {", flush=True)
        if "id" in request:
            result = answer(request["method"], request.get("params", {}))
            if result is None:
                send(id=request["id"], error={"code": -32601, "message": "Method not found"})
            else:
                send(id=request["id"], result=result)


if __name__ == "__main__":
    main()
