#!/usr/bin/env python3
"""Takes the pictures of the main README, and on wish one of every view: opens the small shop (shop.py), starts sensor and control process of a
build before it, lets traffic come, and has Chromium look. Needs root.

    control/web/pictures/take.py [BUILD]            the README's three into this folder
    control/web/pictures/take.py [BUILD] --all DIR  every view, light and dark, 1440 x 900 and 1024 x 700, into DIR;
                                                    SPANLIGHT_VIEWS=PATTERN in the environment: those of them
"""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent.parent
arguments = sys.argv[1:]
every = pathlib.Path(arguments[arguments.index("--all") + 1]).resolve() if "--all" in arguments else None
build = next((a for i, a in enumerate(arguments) if not a.startswith("--") and (i == 0 or arguments[i - 1] != "--all")), str(ROOT / "build"))
os.environ["SPANLIGHT_BUILD"] = str(pathlib.Path(build).resolve())
sys.path[:0] = [str(ROOT / "tests" / "system"), str(HERE)]
import control_test
import palette
import shop as shops
import spanlight

TRAFFIC_S = 75  # what histogram, map and charts then show


def main():
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None or os.geteuid() != 0:
        sys.exit("take: this needs root and chromium")
    folder = tempfile.mkdtemp()
    shop = shops.Shop(folder)
    control = control_test.Control(folder)
    (pathlib.Path(folder) / "machines.yaml").write_text(json.dumps(shop.machines))
    sensor = None
    try:
        shop.up()
        control.start()
        settings = {"publishing": {"records": f"ipc://{folder}/records.sock", "commands": f"ipc://{folder}/command.sock", "metrics": ""},
                    "sensor": {"runAs": "", "name": "rack12"}, "packets": {"ringMb": 8}, "redaction": {"headers": ["authorization"], "cookies": ["basket"]}}
        (pathlib.Path(folder) / "sensor.yaml").write_text(json.dumps(settings))
        sensor = subprocess.Popen([spanlight.PROGRAM, "sensor", "-c", f"{folder}/sensor.yaml", shop.mirror], stderr=open(f"{folder}/sensor.log", "w"))
        control_test.wait_for(lambda: control.get("/api/sensors")["sensors"][0]["link"] == "connected", "the sensor is there")
        shop.open()
        time.sleep(TRAFFIC_S)
        done = subprocess.run(["node", str(HERE / "take.mjs"), chromium, control.url, str(every or HERE), "all" if every else "readme", os.environ.get("SPANLIGHT_VIEWS", "")],
                              env={**os.environ, "HOME": folder})
        for picture in [] if every else HERE.glob("*.png"):
            picture.write_bytes(palette.indexed(picture.read_bytes()))
            print(f"{picture.relative_to(ROOT)}: {picture.stat().st_size} bytes")
        return done.returncode
    finally:
        if sensor is not None:
            sensor.kill()
            sensor.wait()
        control.end(signal.SIGTERM)
        shop.down()
        shutil.rmtree(folder, ignore_errors=True)


signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # what was made is taken away then too
sys.exit(main())
