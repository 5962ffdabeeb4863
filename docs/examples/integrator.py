#!/usr/bin/env python3
"""How the software of a device talks to onhook-agent: tells it of lines and calls, and follows what it does.

    integrator.py /var/lib/onhook/control.sock

Only the standard library is used. docs/control-socket.md has all requests.
"""

import json
import socket
import sys


class Phone:
    """One connection to the control socket: a request is a line of JSON, and so is its answer."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        self.lines = self.socket.makefile("r", encoding="utf-8")

    def ask(self, ask, **fields):
        """Returns the answer; raises an error with the agent's words if it refuses."""
        self.socket.sendall(json.dumps({"ask": ask, **fields}).encode() + b"\n")
        answer = json.loads(self.lines.readline() or '{"ok": false, "error": "the agent has ended"}')
        if not answer["ok"]:
            raise RuntimeError(answer["error"])
        return answer

    def events(self):
        """Follows what happens from now on; the connection is good for nothing else afterwards."""
        self.ask("events")
        return (json.loads(line) for line in self.lines)


def main(path):
    # A connection without a request is closed after five seconds: open one when there is something to say.
    phone = Phone(path)
    # The SIP stack of the device has registered line 1, and a request on line 2 had no answer.
    phone.ask("registration", line=1, registration="registered")
    phone.ask("sip-error", line=2, code="X20")
    # STUN, or the registrar, told the address outside.
    phone.ask("external-address", address="203.0.113.7")

    follower = Phone(path).events()

    # A call: whatever would disturb it waits.
    phone.ask("line", line=1, use="busy")
    answer = phone.ask("resync")
    print("a resync", "waits for " + answer["delayed"] if "delayed" in answer else "ran")
    phone.ask("line", line=1, use="idle")

    for event in follower:
        if event["event"] == "missed":
            print("too slow:", event["count"], "events were missed")
        elif event["event"] == "resync.report":
            report = event["report"]
            print("resync:", report["outcome"], "changed:", ", ".join(sorted(report["changes"])))
            # Here a device would take its new parameters: onhook-agent params export --format json
            break
        elif event["event"] == "reboot":
            print("restart:", event["kind"])

    status = Phone(path).ask("status")["status"]
    for error in status["sip_errors"]:
        print("line", error["line"], "failed with", error["code"] + ":", error["means"])


if __name__ == "__main__":
    main(sys.argv[1])
