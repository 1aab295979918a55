#!/usr/bin/env python3
"""Conversion of PDBs by the published tool: wall time, MB/s and peak memory, beside llvm-pdbutil. Prints Markdown.

    pdb.py [PDB...]

Inputs: those given, and a PDB that benchmarks/large_pdb.py makes (LARGE_BYTES, default 6 GB; LARGE_RECORDS, default 600 MB; 0: none).
Ours is published ReadyToRun; each file is converted RUNS times (default 3; the large one once), medians are printed. Anonymous memory
is the largest RssAnon + RssShmem, sampled every 10 ms; of the other tool it is the same. The large file must stay below BOUND (512 MiB,
the budget of a conversion), and lookups in its copies must give the answers of its base; else the exit status is 1.
"""
import json
import os
import platform
import random
import shutil
import statistics
import subprocess
import sys
import tempfile

import convert

RUNS = int(os.environ.get('RUNS', '3'))
LARGE_BYTES = int(os.environ.get('LARGE_BYTES', '6000000000'))
LARGE_RECORDS = int(os.environ.get('LARGE_RECORDS', '600000000'))
BOUND = 512 << 20
BASE = 'tests/fixtures/windows/shapes-x64.pdb'


def lookup(tool, path, addresses):
    run = subprocess.run([tool, 'lookup', '--json', path], input='\n'.join(map(hex, addresses)) + '\n', capture_output=True, text=True, check=True)
    return [json.loads(line)['frames'] for line in run.stdout.splitlines()]


def same_answers(tool, cache, facts):
    """Copies must answer as the base does; publics exist once only."""
    rng = random.Random(1)
    addresses = [facts['first'] + rng.randrange(facts['code']) for _ in range(2000)]
    shifts = [facts['stride'] * rng.randrange(facts['copies']) for _ in addresses]
    wanted = lookup(tool, BASE, addresses)
    got = lookup(tool, cache, [a + s for a, s in zip(addresses, shifts)])
    asked = [(w, g) for w, g in zip(wanted, got) if w and w[-1].get('line')]
    return sum(w == g for w, g in asked), len(asked)


def row(name, size, seconds, memory, rest):
    print('| %s | %.1f | %.2f | %.0f | %.0f | %s |' % (name, size / 1e6, seconds, size / 1e6 / seconds, memory / 1e6, rest))
    sys.stdout.flush()


def main():
    failed = False
    with tempfile.TemporaryDirectory(dir=os.environ.get('LARGE_FOLDER')) as work:
        folder = os.path.join(work, 'tool')
        subprocess.run(['dotnet', 'publish', 'src/Symbolicator.Cli', '-c', 'Release', '-r', 'linux-x64', '--self-contained', 'false',
                        '-p:PublishReadyToRun=true', '-o', folder, '-v', 'quiet', '-nologo'], check=True, stdout=sys.stderr)
        tool, out = os.path.join(folder, 'Symbolicator.Cli'), os.path.join(work, 'out')
        commit = subprocess.run(['git', 'rev-parse', '--short', 'HEAD'], capture_output=True, text=True).stdout.strip()
        print('# Conversion of PDBs to a symcache\n\nMade by `benchmarks/run.sh pdb` at commit %s, %s, median of %d runs of the published tool '
              '(ReadyToRun), process start included.\n' % (commit, platform.platform(), RUNS))
        print('| file | MB | wall s | MB/s | anonymous memory MB | symcache KB (compact) |\n|---|---|---|---|---|---|')
        for path in sys.argv[1:]:
            name, size = '/'.join(os.path.normpath(path).split(os.sep)[-3:]), os.path.getsize(path)
            results = [convert.run([tool, 'build-symcache', path, '-o', out]) for _ in range(RUNS)]
            row(name, size, statistics.median(r[0] for r in results), statistics.median(r[1] for r in results), '%.0f' % (os.path.getsize(out) / 1e3))
            if shutil.which('llvm-pdbutil-19'):
                for what, options in (('symbols', ['-symbols']), ('symbols and lines', ['-symbols', '-l', '-il'])):
                    results = [convert.run(['llvm-pdbutil-19', 'dump', *options, path]) for _ in range(RUNS)]
                    row('%s, llvm-pdbutil dump of %s' % (name, what), size, statistics.median(r[0] for r in results),
                        statistics.median(r[1] for r in results), '')
        if LARGE_BYTES:
            large = os.path.join(work, 'large.pdb')
            text = subprocess.run([sys.executable, 'benchmarks/large_pdb.py', BASE, large, '--size', str(LARGE_BYTES), '--records', str(LARGE_RECORDS)],
                                  capture_output=True, text=True, check=True).stdout
            facts = json.loads(text.splitlines()[-1])
            seconds, memory = convert.run([tool, 'build-symcache', large, '-o', out])
            row('synthetic, %.1f GB, %d modules (MB and MB/s of its streams)' % (facts['bytes'] / 1e9, facts['modules']),
                facts['records'], seconds, memory, '%.0f' % (os.path.getsize(out) / 1e3))
            equal, asked = same_answers(tool, out, facts)
            print('\nThe synthetic file: %d of %d lookups in its copies give the answers of its base; %.0f of %.0f MB of memory.' % (
                equal, asked, memory / 1e6, BOUND / 1e6))
            failed = equal != asked or memory > BOUND
        print('\nllvm-gsymutil 19 converts ELF and Mach-O only; Breakpad\'s dump_syms reads PDBs through a library of Windows, so that '
              'neither can be measured here.')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
