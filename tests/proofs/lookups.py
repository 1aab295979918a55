#!/usr/bin/env python3
"""Compares our lookups with llvm-symbolizer's at random code addresses.

    lookups.py [-n 10000] [-s SEED] [--cli CMD] [--markdown] FILE...

For each ELF file: N addresses drawn uniformly over the bytes of its functions (STT_FUNC symbols), always the same for
the same file, N and seed. Function (linkage name), file, line and number of inlined frames of every frame must be equal.
Differences are sorted into named classes; a class that is not in EXPLAINED (docs/accuracy.md says why) fails the run.
Standard library only. Last line: "N equal, N explained, N unexplained". Exit status 1 when any is unexplained.
"""
import argparse
import bisect
import collections
import glob
import json
import os
import random
import re
import shlex
import struct
import subprocess
import sys

# Each class is described in docs/accuracy.md.
EXPLAINED = {'alias', 'version', 'object-as-file'}


def default_cli():
    found = sorted(glob.glob('artifacts/bin/Symbolicator.Cli/release/Symbolicator.Cli.dll'))
    if not found:
        sys.exit('no Release build of Symbolicator.Cli; run: dotnet build -c Release')
    return 'dotnet ' + found[0]


class Elf:
    """Just enough to draw addresses and to know aliases; shares nothing with the program under test."""

    def __init__(self, path):
        self.data = open(path, 'rb').read()
        d = self.data
        if d[:4] != b'\x7fELF':
            sys.exit('%s: not an ELF file' % path)
        self.is64 = d[4] == 2
        self.e = '<' if d[5] == 1 else '>'
        e = self.e
        if self.is64:
            phoff, shoff = struct.unpack_from(e + 'QQ', d, 32)
            phentsize, phnum, shentsize, shnum, _ = struct.unpack_from(e + 'HHHHH', d, 54)
        else:
            phoff, shoff = struct.unpack_from(e + 'II', d, 28)
            phentsize, phnum, shentsize, shnum, _ = struct.unpack_from(e + 'HHHHH', d, 42)
        self.base = 0
        for i in range(phnum):
            p = phoff + i * phentsize
            if struct.unpack_from(e + 'I', d, p)[0] == 1:
                self.base = struct.unpack_from(e + ('Q' if self.is64 else 'I'), d, p + (16 if self.is64 else 8))[0]
                break
        self.sections = []
        for i in range(shnum):
            s = shoff + i * shentsize
            if self.is64:
                name, typ, flags, addr, off, size, link = struct.unpack_from(e + 'IIQQQQI', d, s)
            else:
                name, typ, flags, addr, off, size, link = struct.unpack_from(e + 'IIIIIII', d, s)
            self.sections.append((typ, flags, off, size, link))
        self.names = collections.defaultdict(set)
        ranges = set()
        for want in (2, 11):
            for typ, flags, off, size, link in self.sections:
                if typ != want or flags & 0x800:
                    continue
                strings = self.sections[link]
                entry = 24 if self.is64 else 16
                for o in range(off, off + size // entry * entry, entry):
                    if self.is64:
                        n, info, _, shndx, value, length = struct.unpack_from(e + 'IBBHQQ', d, o)
                    else:
                        n, value, length, info, _, shndx = struct.unpack_from(e + 'IIIBBH', d, o)
                    if info & 15 not in (2, 10) or not shndx or not value:
                        continue
                    start = strings[2] + n
                    self.names[value].add(d[start:d.index(b'\0', start)].decode('utf8', 'replace').split('@')[0])
                    if length and info & 15 == 2:
                        ranges.add((value, value + length))
            if ranges:
                break
        self.ranges = sorted(ranges)
        self.starts = [r[0] for r in self.ranges]

    def draw(self, n, seed):
        ends, total = [], 0
        for a, b in self.ranges:
            total += b - a
            ends.append(total)
        rng = random.Random(seed)
        out = []
        for _ in range(n):
            k = rng.randrange(total)
            i = bisect.bisect_right(ends, k)
            out.append(self.ranges[i][1] - (ends[i] - k))
        return out

    def aliases(self, address):
        """Names of all symbols that start where a symbol covering the address starts."""
        names = set()
        i = bisect.bisect_right(self.starts, address)
        for start, end in self.ranges[max(0, i - 64):i]:
            if start <= address < end:
                names |= self.names[start]
        return names


def clean(path):
    if not path:
        return ''
    out = []
    for part in path.replace('\\', '/').split('/'):
        if part in ('', '.'):
            continue
        if part == '..' and out and out[-1] != '..':
            out.pop()
        elif part != '..' or not path.startswith('/'):
            out.append(part)
    return ('/' if path.startswith('/') else '') + '/'.join(out)


def ask_llvm(tool, path, addresses):
    run = subprocess.run([tool, '--obj=' + path, '--functions=linkage', '--no-demangle', '--inlines', '--output-style=JSON'],
                         input='\n'.join(hex(a) for a in addresses) + '\n', capture_output=True, text=True, check=True)
    answers = {}
    for line in run.stdout.splitlines():
        answer = json.loads(line)
        frames = []
        for s in answer.get('Symbol') or []:
            name = s.get('FunctionName') or ''
            frames.append((name, clean(s.get('FileName') or ''), s.get('Line') or 0))
        answers[int(answer['Address'], 16)] = [f for f in frames if f != ('', '', 0)]
    return answers


def ask_ours(cli, path, base, addresses):
    run = subprocess.run(shlex.split(cli) + ['lookup', '--json', path],
                         input='\n'.join(hex(a - base) for a in addresses) + '\n', capture_output=True, text=True, check=True)
    answers = {}
    for line in run.stdout.splitlines():
        answer = json.loads(line)
        answers[int(answer['addr'], 16) + base] = [
            (f['function'] or '', clean(f.get('file') or ''), f.get('line') or 0) for f in answer['frames']]
    return answers


def strip(name):
    """Local symbols of split parts carry a suffix in the symbol table that the debug information lacks."""
    return re.sub(r'\.(cold|part|isra|constprop|localalias|lto_priv|llvm)(\.\d+)?(?=\.|$)', '', name)


def classify(ours, theirs, aliases):
    """None when equal, else the name of the class of difference."""
    if ours == theirs:
        return None
    if not theirs and not ours:
        return None
    if len(ours) != len(theirs):
        return 'missing' if not ours else 'extra' if not theirs else 'depth'
    classes = set()
    for depth, (a, b) in enumerate(zip(ours, theirs)):
        if a[0] != b[0]:
            plain = b[0].split('@')[0]
            outermost = depth == len(ours) - 1
            same = outermost and a[0] in aliases and strip(plain) in {strip(x) for x in aliases}
            classes.add('version' if a[0] == plain else 'alias' if same else 'name')
        if a[2] != b[2]:
            classes.add('line')
        elif a[1] != b[1]:
            classes.add('object-as-file' if a[1:] == ('', 0) and b[2] == 0 else 'file')
    for worst in ('name', 'line', 'file', 'object-as-file', 'alias', 'version'):
        if worst in classes:
            return worst
    return None


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument('files', nargs='+')
    ap.add_argument('-n', type=int, default=10000)
    ap.add_argument('-s', '--seed', type=int, default=1)
    ap.add_argument('--cli')
    ap.add_argument('--llvm', default='llvm-symbolizer-19')
    ap.add_argument('--show', type=int, default=5, help='examples printed per class')
    ap.add_argument('--markdown', action='store_true')
    a = ap.parse_args()
    cli = a.cli or default_cli()
    total = collections.Counter()
    rows = []
    for path in a.files:
        elf = Elf(path)
        addresses = elf.draw(a.n, a.seed)
        theirs = ask_llvm(a.llvm, path, addresses)
        ours = ask_ours(cli, path, elf.base, addresses)
        counts, examples = collections.Counter(), collections.defaultdict(list)
        for address in addresses:
            kind = classify(ours[address], theirs[address], elf.aliases(address))
            counts[kind or 'equal'] += 1
            if kind and len(examples[kind]) < a.show:
                examples[kind].append((address, ours[address], theirs[address]))
        rows.append((os.path.basename(path), counts))
        total.update(counts)
        print('%s: %s' % (path, ', '.join('%s %d' % kv for kv in sorted(counts.items(), key=lambda kv: -kv[1]))), file=sys.stderr)
        for kind, items in examples.items():
            if kind in EXPLAINED and not a.show:
                continue
            for address, mine, other in items:
                print('  %s 0x%x\n    ours %s\n    llvm %s' % (kind, address, mine, other), file=sys.stderr)
    if a.markdown:
        kinds = ['equal'] + sorted(k for k in total if k != 'equal')
        print('| file | addresses | ' + ' | '.join(kinds) + ' |')
        print('|---|---|' + '---|' * len(kinds))
        for name, counts in rows:
            print('| %s | %d | %s |' % (name, sum(counts.values()), ' | '.join(str(counts[k]) for k in kinds)))
    explained = sum(v for k, v in total.items() if k in EXPLAINED)
    unexplained = sum(v for k, v in total.items() if k not in EXPLAINED and k != 'equal')
    print('%d equal, %d explained, %d unexplained' % (total['equal'], explained, unexplained))
    return 1 if unexplained else 0


if __name__ == '__main__':
    sys.exit(main())
