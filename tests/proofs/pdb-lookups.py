#!/usr/bin/env python3
"""Compares our lookups in PDBs with llvm-symbolizer's at random code addresses.

    pdb-lookups.py [-n 10000] [-s SEED] [--cli CMD] [--show N] [--markdown] IMAGE...

IMAGE is a PE file with its PDB beside it under the same name. N addresses are drawn uniformly over the bytes of its executable
sections, always the same for the same image, N and seed. Function, file and line of every frame must be equal.

Where they differ, the records of the module decide, as llvm-pdbutil prints them and pdb_dump.py decodes them: a difference is
sorted into a class of docs/accuracy.md only if our stack is what the records say; any other fails the run. Last line: "N equal,
N explained, N unexplained". Exit status 1 when any is unexplained.
"""
import argparse
import bisect
import collections
import json
import ntpath
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile

import pdb_dump
from pdb_names import clean, default_cli, matches, ours, unsigned

# Each class is described in docs/accuracy.md.
EXPLAINED = {'folded', 'llvm-depth', 'llvm-line', 'llvm-file', 'line-0', 'public'}


def tool(*command, text=None):
    return subprocess.run(command, input=text, capture_output=True, text=True, check=True).stdout


def code(path):
    """Executable sections, relative to the image."""
    for section in tool('llvm-readobj-19', '--sections', path).split('  Section {')[1:]:
        if 'IMAGE_SCN_MEM_EXECUTE' in section:
            start = int(re.search(r'VirtualAddress: 0x([0-9A-F]+)', section)[1], 16)
            yield start, start + int(re.search(r'VirtualSize: 0x([0-9A-F]+)', section)[1], 16)


def draw(ranges, n, seed):
    ends, total = [], 0
    for a, b in ranges:
        total += b - a
        ends.append(total)
    rng = random.Random(seed)
    for _ in range(n):
        k = rng.randrange(total)
        i = bisect.bisect_right(ends, k)
        yield ranges[i][1] - (ends[i] - k)


def ask_llvm(path, pdb, addresses):
    """The symbolizer finds a PDB only under the base name that the image gives it."""
    with tempfile.TemporaryDirectory() as folder:
        image = shutil.copy(path, folder)
        named = re.search(r'PDBFileName: (.+)', tool('llvm-readobj-19', '--coff-debug-directory', path))[1]
        os.symlink(os.path.abspath(pdb), os.path.join(folder, ntpath.basename(named)))
        text = tool('llvm-symbolizer-19', '--obj=' + image, '--relative-address', '--functions=short', '--no-demangle', '--inlines',
                    '--output-style=JSON', text='\n'.join(map(hex, addresses)) + '\n')
    for line in text.splitlines():
        frames = [(s['FunctionName'], s['FileName'], s['Line']) for s in json.loads(line).get('Symbol') or []]
        yield [f for f in frames if f != ('', '', 0)]


def same_function(mine, other, outermost):
    """The symbolizer names an inlined function as its item does, without the function's own scopes when those are a text."""
    a, b = unsigned(mine), unsigned(other)
    return a == b or (not outermost and a.endswith('::' + b))


def difference(mine, theirs):
    """None when equal, else what differs first, the most important first."""
    if len(mine) != len(theirs):
        return 'depth'
    kinds = set()
    for i, (a, b) in enumerate(zip(mine, theirs)):
        if not same_function(a['function'], b[0], i == len(mine) - 1):
            kinds.add('name')
        if (a.get('line') or 0) != b[2]:
            kinds.add('line')
        elif clean(a.get('file')) != clean(b[1]):
            kinds.add('file' if b[2] else 'line-0')
    return next((k for k in ('name', 'line', 'file', 'line-0') if k in kinds), None)


def public_names(pdb):
    """Public symbols as llvm-pdbutil prints them, and the same without the decoration of C on x86."""
    names = set(re.findall(r'S_PUB32 \[size = \d+\] `(.*)`', tool('llvm-pdbutil-19', 'dump', '-publics', pdb)))
    return names | {re.sub(r'^[_@]?(.*?)(?:@+\d+)?$', r'\1', n) for n in names if not n.startswith('?')}


class Records:
    """The modules of a PDB, read when an address of theirs is asked for."""

    def __init__(self, pdb):
        self.pdb, self.modules, self.contributions = pdb, {}, []
        dump = pdb_dump.Dump(pdb, module=0)
        text = tool('llvm-pdbutil-19', 'dump', '-section-contribs', pdb)
        for module, section, offset, size in re.findall(r'SC\[.*?\]\s+\| mod = (\d+), (\d+):(\d+), size = (\d+)', text):
            start = dump.rva(int(section), int(offset))
            if start is not None and int(size):
                self.contributions.append((start, start + int(size), int(module)))
        self.contributions.sort()
        self.starts = [c[0] for c in self.contributions]

    def stacks(self, address):
        """(dump, stack) of every reading of the records at an address."""
        dump = self.module(address)
        return [(dump, stack) for proc in dump.covering(address) for stack in dump.stacks(proc, address)] if dump else []

    def module(self, address):
        i = bisect.bisect_right(self.starts, address) - 1
        if i < 0 or address >= self.contributions[i][1]:
            return None
        module = self.contributions[i][2]
        if module not in self.modules:
            self.modules[module] = pdb_dump.Dump(self.pdb, module=module)
        return self.modules[module]


def is_symbol(module, symbols, mine, theirs):
    """Code without a procedure: we name it by its thunk record or public symbol, the symbolizer at most knows the line."""
    lines = [f[1:] for f in theirs if not f[0]]
    if len(mine) != 1 or len(lines) != len(theirs) or (lines or [(None, 0)]) != [(mine[0].get('file'), mine[0].get('line') or 0)]:
        return False
    return mine[0]['function'] in symbols() or (module is not None and mine[0]['function'] in module.thunks)


def classify(records, symbols, address, mine, theirs):
    kind = difference(mine, theirs)
    if kind is None or kind == 'line-0':
        return kind
    readings = records.stacks(address)
    if not readings and is_symbol(records.module(address), symbols, mine, theirs):
        return 'public'
    right = [matches(dump, stack, mine) is None for dump, stack in readings]
    if not any(right):
        return kind
    others = [{'function': f[0], 'file': f[1], 'line': f[2]} for f in theirs]
    if any(matches(dump, stack, others) is None for dump, stack in readings):
        return 'folded'
    # Several procedures or line tables at one address: the symbolizer joins the procedure of one with the lines of another.
    if len({(stack[-1][1:]) for _, stack in readings}) > 1 and kind != 'depth':
        return 'folded'
    return 'llvm-' + kind


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument('files', nargs='+')
    ap.add_argument('-n', type=int, default=10000)
    ap.add_argument('-s', '--seed', type=int, default=1)
    ap.add_argument('--cli')
    ap.add_argument('--show', type=int, default=3, help='examples printed per class')
    ap.add_argument('--markdown', action='store_true')
    a = ap.parse_args()
    cli, rows, total = a.cli or default_cli(), [], collections.Counter()
    for path in a.files:
        pdb = os.path.splitext(path)[0] + '.pdb'
        addresses = list(draw(list(code(path)), a.n, a.seed))
        answers = ours(cli, 'lookup', pdb, '\n'.join(map(hex, addresses)) + '\n')
        records, known = Records(pdb), []

        def symbols():
            if not known:
                known.append(public_names(pdb))
            return known[0]

        counts, examples = collections.Counter(), collections.defaultdict(list)
        for address, mine, theirs in zip(addresses, answers, ask_llvm(path, pdb, addresses)):
            kind = classify(records, symbols, address, mine['frames'], theirs)
            counts[kind or 'equal'] += 1
            if kind and len(examples[kind]) < a.show:
                examples[kind].append((address, [(f['function'], f.get('file'), f.get('line')) for f in mine['frames']], theirs))
        name = '/'.join(os.path.normpath(path).split(os.sep)[-3:])
        rows.append((name, counts))
        total.update(counts)
        print('%s: %s' % (name, ', '.join('%s %d' % kv for kv in counts.most_common())), file=sys.stderr)
        for kind, items in examples.items():
            for address, mine, theirs in items:
                print('  %s 0x%x\n    ours %s\n    llvm %s' % (kind, address, mine, theirs), file=sys.stderr)
    if a.markdown:
        kinds = ['equal'] + sorted(k for k in total if k != 'equal')
        print('| file | addresses | ' + ' | '.join(kinds) + ' |\n|---|---|' + '---|' * len(kinds))
        for name, counts in rows:
            print('| %s | %d | %s |' % (name, sum(counts.values()), ' | '.join(str(counts[k]) for k in kinds)))
    explained = sum(v for k, v in total.items() if k in EXPLAINED)
    unexplained = sum(v for k, v in total.items() if k not in EXPLAINED and k != 'equal')
    print('%d equal, %d explained, %d unexplained' % (total['equal'], explained, unexplained))
    return 1 if unexplained or not total['equal'] else 0


if __name__ == '__main__':
    sys.exit(main())
