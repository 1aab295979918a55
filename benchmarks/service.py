#!/usr/bin/env python3
"""POST /minidump against the running service, one client after another: latency once everything is cached. Prints Markdown."""
import os
import platform
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import http.client

RUNS = int(os.environ.get('RUNS', '300'))
DUMPS = ('cpp-x64.crashpad.dmp', 'rust-x64.breakpad.dmp', 'cpp-arm64.breakpad.dmp')


def free_port():
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        return s.getsockname()[1]


def post(connection, body):
    boundary = 'boundary'
    data = (b'--boundary\r\nContent-Disposition: form-data; name="upload_file_minidump"; filename="a.dmp"\r\n\r\n'
            + body + b'\r\n--boundary--\r\n')
    start = time.perf_counter()
    connection.request('POST', '/minidump', data, {'Content-Type': 'multipart/form-data; boundary=' + boundary})
    answer = connection.getresponse()
    text = answer.read()
    seconds = time.perf_counter() - start
    if answer.status != 200 or b'"completed"' not in text:
        sys.exit('%d %s' % (answer.status, text[:200]))
    return seconds


def main():
    port = free_port()
    with tempfile.TemporaryDirectory() as work:
        config = os.path.join(work, 'config.yml')
        with open(config, 'w') as f:
            f.write('bind: 127.0.0.1:%d\ncache_dir: %s/cache\nlogging: { level: warn }\nsources:\n'
                    '  - { id: fixtures, type: filesystem, path: %s, layout: { type: unified } }\n'
                    % (port, work, os.path.abspath('tests/fixtures/symbols')))
        service = subprocess.Popen(['dotnet', 'artifacts/bin/Symbolicator.Service/release/Symbolicator.Service.dll', 'run', '-c', config])
        try:
            for _ in range(300):
                try:
                    socket.create_connection(('127.0.0.1', port), 1).close()
                    break
                except OSError:
                    time.sleep(0.1)
            commit = subprocess.run(['git', 'rev-parse', '--short', 'HEAD'], capture_output=True, text=True).stdout.strip()
            print('# POST /minidump, everything cached\n\nMade by `benchmarks/run.sh service` at commit %s, %s: %d requests each after 100 for '
                  'warming up, one connection, client on the same machine.\n' % (commit, platform.platform(), RUNS))
            print('| dump | first answer ms | p50 ms | p99 ms |\n|---|---|---|---|')
            for name in DUMPS:
                with open('tests/fixtures/minidump/' + name, 'rb') as f:
                    body = f.read()
                connection = http.client.HTTPConnection('127.0.0.1', port, timeout=60)
                first = post(connection, body)
                for _ in range(100):
                    post(connection, body)
                times = sorted(post(connection, body) for _ in range(RUNS))
                print('| %s | %.0f | %.1f | %.1f |' % (name, first * 1e3, statistics.median(times) * 1e3, times[int(len(times) * 0.99)] * 1e3))
                connection.close()
        finally:
            service.send_signal(signal.SIGTERM)
            service.wait(60)


main()
