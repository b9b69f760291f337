"""Ends this process when its parent does, however the parent ends.

The parent holds the other end of this process's standard input. When the parent ends, even killed, that
pipe closes, and this process ends itself and everything that it started.

Run as a program (`leash.py MODULE`), it runs that module on the leash.
"""

import os
import runpy
import signal
import sys
import threading


def hold() -> None:
    """Starts the watch. The parent has put this process in a group of its own."""
    threading.Thread(target=_watch, args=(os.dup(0),), daemon=True).start()
    # What this process starts must not eat the pipe.
    with open(os.devnull, "rb") as nothing:
        os.dup2(nothing.fileno(), 0)


def _watch(pipe: int) -> None:
    while os.read(pipe, 1024):
        pass
    if os.getpgid(0) == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(1)


if __name__ == "__main__":
    hold()
    # The folder of this file would hide modules of the same names.
    del sys.path[0]
    sys.argv = sys.argv[1:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
