#!/usr/bin/env python3
"""Conversion of real debug files by the published tool: wall time, MB of .debug_* a second, peak memory. Prints Markdown.

Inputs: the C library's debug file, and the C++ and Rust programs of tests/proofs/src. Ours is published ReadyToRun; each
file is converted RUNS times, medians are printed. Anonymous memory is the largest RssAnon + RssShmem, sampled every 10 ms.
"""
import glob
import os
import platform
import statistics
import struct
import subprocess
import sys
import tempfile
import time

RUNS = int(os.environ.get('RUNS', '5'))


def debug_bytes(path):
    """Bytes of the .debug_* sections as they are inflated."""
    d = open(path, 'rb').read()
    shoff = struct.unpack_from('<Q', d, 40)[0]
    size, count, names = struct.unpack_from('<HHH', d, 58)
    rows = [struct.unpack_from('<IIQQQQ', d, shoff + i * size) for i in range(count)]
    strings = rows[names][4]
    total = 0
    for name, _, flags, _, offset, length in rows:
        text = d[strings + name:d.index(b'\0', strings + name)]
        if text.startswith(b'.debug_'):
            total += struct.unpack_from('<Q', d, offset + 8)[0] if flags & 0x800 else length
    return total


def run(command):
    """Seconds and peak anonymous memory of one run."""
    start = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    peak = 0
    while process.poll() is None:
        try:
            with open('/proc/%d/status' % process.pid) as f:
                fields = dict(l.split(':', 1) for l in f if l.startswith('Rss'))
            peak = max(peak, sum(int(fields[k].split()[0]) for k in ('RssAnon', 'RssShmem') if k in fields))
        except (OSError, ValueError):
            pass
        time.sleep(0.01)
    if process.returncode:
        sys.exit('%s failed' % command)
    return time.monotonic() - start, peak * 1024


def main():
    with tempfile.TemporaryDirectory() as work:
        tool = os.path.join(work, 'tool')
        subprocess.run(['dotnet', 'publish', 'src/Symbolicator.Cli', '-c', 'Release', '-r', 'linux-x64', '--self-contained', 'false',
                        '-p:PublishReadyToRun=true', '-o', tool, '-v', 'quiet', '-nologo'], check=True, stdout=sys.stderr)
        inputs = []
        for name, command in (
                ('lookups.cpp, g++ -O2 -g', ['g++', '-O2', '-g', '-std=c++20', '-static-libstdc++', '-pthread', 'tests/proofs/src/lookups.cpp']),
                ('lookups.rs, rustc -O -g', ['rustc', '-O', '-g', '--edition', '2021', 'tests/proofs/src/lookups.rs'])):
            path = os.path.join(work, 'input%d' % len(inputs))
            subprocess.run(command + ['-o', path], check=True, stderr=subprocess.DEVNULL)
            inputs.append((name, path))
        libc = max(glob.glob('/usr/lib/debug/.build-id/*/*.debug'), key=os.path.getsize)
        inputs.append(('libc6-dbg, libc.so.6', libc))
        commit = subprocess.run(['git', 'rev-parse', '--short', 'HEAD'], capture_output=True, text=True).stdout.strip()
        print('# Conversion to a symcache\n\nMade by `benchmarks/run.sh convert` at commit %s, %s, median of %d runs of the published tool '
              '(ReadyToRun), process start included.\n' % (commit, platform.platform(), RUNS))
        print('| file | .debug_* MB | wall s | MB/s | anonymous memory MB | symcache KB (compact) |\n|---|---|---|---|---|---|')
        for name, path in inputs:
            out = os.path.join(work, 'out')
            size = debug_bytes(path)
            results = [run([os.path.join(tool, 'Symbolicator.Cli'), 'build-symcache', path, '-o', out]) for _ in range(RUNS)]
            seconds = statistics.median(r[0] for r in results)
            print('| %s | %.1f | %.2f | %.0f | %.0f | %.0f |' % (
                name, size / 1e6, seconds, size / 1e6 / seconds, statistics.median(r[1] for r in results) / 1e6, os.path.getsize(out) / 1e3))


if __name__ == '__main__':
    main()
