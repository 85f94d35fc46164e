#!/usr/bin/env python3
"""Runs the curl commands of src/RtMatching.Server/API.md for real and writes what came back beneath each.

    python3 infra/api/transcripts.py

Starts a server of its own on a database of its own, both gone afterwards. In the page, a line of a ```console block that starts with
"$ " is a command (with its continuation lines, which end in a backslash); whatever else stands in the block is replaced by the answer,
shortened: long lists and strings end in "...". Commands run in the order of the page, in the repository's root.
"""

import json
import os
import pathlib
import platform
import re
import select
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE = ROOT / "src/RtMatching.Server/API.md"
SERVER = ROOT / "src/RtMatching.Server"
CLI = ROOT / "src/RtMatching.Cli"
SHOWN_ADDRESS = "localhost:8080"
SHOWN_HOST = "engine-1"
HEADERS = {"location", "retry-after", "content-type", "content-disposition", "www-authenticate", "allow"}
WIDTH, LONGEST_LIST, LONGEST_STRING, LONGEST_LINE, MOST_LINES = 140, 2, 160, 200, 40
PATIENCE = 120  # seconds for one command, and for the server to be ready


def build(project: pathlib.Path, name: str) -> pathlib.Path:
    subprocess.run(["dotnet", "build", project, "-v", "quiet", "--nologo"], check=True, stdout=sys.stderr)
    return next(project.glob(f"bin/Debug/net*/{name}.dll"))


def start(server: pathlib.Path, environment: dict[str, str]) -> tuple[subprocess.Popen, str]:
    """The running server and its address, once it says that it listens and is ready."""
    process = subprocess.Popen(
        ["dotnet", server, "--urls", "http://127.0.0.1:0"], env=environment, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and process.poll() is None:
        if not select.select([process.stderr], [], [], 1)[0]:
            continue
        if found := re.search(r"listening on http://(\S+?);", line := process.stderr.readline()):
            address = found[1]
            while subprocess.run(["curl", "-sf", "-o", os.devnull, f"http://{address}/health"], check=False).returncode != 0:
                if time.monotonic() > end:
                    sys.exit("the server does not become ready")
                time.sleep(0.2)
            return process, address
        sys.stderr.write(line)
    sys.exit("the server did not start")


def run(command: str, address: str) -> str:
    """What the command prints, with the address that the page shows."""
    real = command.replace(SHOWN_ADDRESS, address).replace("curl ", "curl -sS ")
    done = subprocess.run(["bash", "-c", real], cwd=ROOT, capture_output=True, timeout=PATIENCE, check=False)
    if done.returncode != 0:
        sys.exit(f"{command}\nended with {done.returncode}: {done.stderr.decode()}")
    answer = done.stdout.decode().replace(address, SHOWN_ADDRESS).replace(f'"{platform.node()}-', f'"{SHOWN_HOST}-')
    return answer.replace("\r\n", "\n")


def shortened(output: str) -> str:
    head, body = "", output
    if output.startswith("HTTP/1.1 "):
        head, _, body = output.partition("\n\n")
        status, *headers = head.split("\n")
        head = "\n".join([status, *(h for h in headers if h.split(":")[0].lower() in HEADERS)]) + ("\n\n" if body else "")
    try:
        return head + layout(json.loads(body))
    except ValueError:
        lines = [line if len(line) <= LONGEST_LINE else line[:LONGEST_LINE] + "..." for line in body.strip().split("\n")]
        return head + "\n".join(lines[:MOST_LINES] + ["..."] * (len(lines) > MOST_LINES))


def layout(value, indent: str = "") -> str:
    """JSON with what fits into a line on one line; not quite JSON any more where something is left out."""
    line = on_one_line(value)
    if len(indent + line) <= WIDTH or not isinstance(value, (dict, list)):
        return line
    inner = indent + "  "
    if isinstance(value, dict):
        return "{\n" + ",\n".join(f"{inner}{json.dumps(k)}: {layout(v, inner)}" for k, v in value.items()) + f"\n{indent}}}"
    items = [inner + layout(v, inner) for v in value[:LONGEST_LIST]] + [inner + "..."] * (len(value) > LONGEST_LIST)
    return "[\n" + ",\n".join(items) + f"\n{indent}]"


def on_one_line(value) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(k)}: {on_one_line(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        few = 4 if all(isinstance(v, (int, float)) for v in value) else LONGEST_LIST
        return "[" + ", ".join([on_one_line(v) for v in value[:few]] + ["..."] * (len(value) > few)) + "]"
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, str) and len(value) > LONGEST_STRING:
        value = value[:LONGEST_STRING] + "..."
    return json.dumps(value, ensure_ascii=False)


def renewed(page: str, address: str) -> str:
    def renew(block: re.Match) -> str:
        commands = re.findall(r"^\$ (?:.*\\\n)*.*$", block[1], re.MULTILINE)
        answers = []
        for command in commands:
            print(command, file=sys.stderr)
            answers.append(f"{command}\n{shortened(run(command[2:], address))}")
        return "```console\n" + "\n".join(answer.rstrip() for answer in answers) + "\n```"

    return re.sub(r"```console\n(.*?)\n```", renew, page, flags=re.DOTALL)


def main() -> None:
    server, cli = build(SERVER, "rtmatch-server"), build(CLI, "rtmatch")
    home = tempfile.mkdtemp(prefix="rtmatch-api-")
    os.chmod(home, 0o755)  # As root, PostgreSQL runs as user postgres and must reach its data folder in here.
    environment = {k: v for k, v in os.environ.items() if k != "ConnectionStrings__rtmatch"} | {"RTMATCH_HOME": home}
    process = None
    try:
        process, address = start(server, environment)
        PAGE.write_text(renewed(PAGE.read_text(encoding="utf-8"), address), encoding="utf-8")
    finally:
        if process:
            process.terminate()
            process.wait()
        subprocess.run(["dotnet", cli, "db", "stop"], env=environment, check=False, stdout=subprocess.DEVNULL)
        shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    main()
