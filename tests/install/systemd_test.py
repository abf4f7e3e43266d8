#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""systemd takes each drop-in of examples/systemd, and the library the options in it: systemd_test.py LIBRARY DROP_IN..."""

import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.append(os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "abi"))

import programs  # noqa: E402
from programs import expect  # noqa: E402

LIBRARY = sys.argv[1]
DROP_INS = sys.argv[2:]
STUB = "[Unit]\nDescription=Stands for a packaged one\n\n[Service]\nExecStart=/bin/true\n"


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def settings(drop_in):
    """What it puts into the environment of the service."""
    return dict(re.findall("^Environment=([A-Z0-9_]+)=(.*)$", read(drop_in), re.MULTILINE))


def verify(service, text):
    """What systemd-analyze says of a stub of the service with the drop-in's text."""
    with tempfile.TemporaryDirectory() as folder:
        unit = os.path.join(folder, service + ".service")
        os.mkdir(unit + ".d")
        for path, content in ((unit, STUB), (os.path.join(unit + ".d", "dtls13.conf"), text)):
            with open(path, "w", encoding="utf-8") as file:
                file.write(content)
        # Ends with a colon: the system's own units, such as basic.target, are looked for behind the folder.
        result = subprocess.run(["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", unit],
                                env={"PATH": os.environ["PATH"], "SYSTEMD_UNIT_PATH": folder + ":",
                                     "SYSTEMD_LOG_TARGET": "console"},
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                check=False)
    return result.returncode, result.stdout


def service_of(drop_in):
    return os.path.splitext(os.path.basename(drop_in))[0]


def systemd_takes_each():
    for drop_in in DROP_INS:
        status, said = verify(service_of(drop_in), read(drop_in))
        expect(status == 0 and not said, "%s: exit status %d: %s" % (drop_in, status, said))


def systemd_looks_at_them():
    """A drop-in with a fault is seen to be wrong."""
    for wrong in ("Environment=LD_PRELOAD", "Enviroment="):
        text = re.sub("^Environment=(LD_PRELOAD=)?", wrong, read(DROP_INS[0]), flags=re.MULTILINE)
        _, said = verify(service_of(DROP_INS[0]), text)
        expect("dtls13.conf" in said, "says %r of\n%s" % (said, text))


def each_preloads_the_library():
    dynamic = subprocess.run(["readelf", "-d", LIBRARY], check=True, stdout=subprocess.PIPE, text=True).stdout
    soname = re.search(r"\(SONAME\).*\[(.*)\]", dynamic).group(1)
    for drop_in in DROP_INS:
        expect(settings(drop_in).get("LD_PRELOAD") == soname, "%s preloads no %s" % (drop_in, soname))
        folder = "/etc/systemd/system/%s.service.d/" % service_of(drop_in)
        expect(folder in read(drop_in), "%s does not name its place" % drop_in)


def the_library_takes_the_options():
    for drop_in in DROP_INS:
        options = settings(drop_in)["DTLS13_OPTIONS"]
        for said, text in ((0, options), (1, options + ",colour=blue")):
            program = programs.Program(["openssl", "s_client", "-dtls", "-connect", "127.0.0.1:9"], LIBRARY,
                                       {"DTLS13_OPTIONS": text})
            program.finish()
            expect(program.output.count("DTLS13_OPTIONS: ignored") == said, "%s: %s" % (drop_in, program.output))


def main():
    tests = [each_preloads_the_library, the_library_takes_the_options]
    if shutil.which("systemd-analyze"):
        tests += [systemd_takes_each, systemd_looks_at_them]
    else:
        print("SKIPPED: the drop-ins' syntax, for systemd-analyze is not installed")
    return programs.run_all(tests) != 0


sys.exit(main())
