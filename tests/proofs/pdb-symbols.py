#!/usr/bin/env python3
"""Compares what we read from PDBs with what llvm-pdbutil prints of them.

    pdb-symbols.py [--cli CMD] [--show N] [--markdown] [--every N] PDB...

Three comparisons for each file:
  procedures   every procedure record: address, size, name without signature
  lines        file and line of the procedure itself at the first and the last byte of every line row that no inlined call covers
  inlines      the whole stack (callee, file and line of each frame) at the first and the last byte of every piece of every inline site
Differences are sorted into named classes; a class that is not in EXPLAINED (docs/accuracy.md says why) fails the run. --every N
takes every Nth procedure only. Last line: "N equal, N explained, N unexplained". Exit status 1 when any is unexplained.
"""
import argparse
import collections
import glob
import json
import os
import re
import shlex
import subprocess
import sys

import pdb_dump

# Each class is described in docs/accuracy.md.
EXPLAINED = set()


def default_cli():
    found = sorted(glob.glob('artifacts/bin/Symbolicator.Cli/release/Symbolicator.Cli.dll'))
    if not found:
        sys.exit('no Release build of Symbolicator.Cli; run: dotnet build -c Release')
    return 'dotnet ' + found[0]


def ours(cli, command, path, text=None):
    run = subprocess.run(shlex.split(cli) + [command, '--json', path], input=text, capture_output=True, text=True)
    if run.returncode:
        sys.exit('%s %s: %s' % (command, path, run.stderr.strip()))
    return [json.loads(line) for line in run.stdout.splitlines()]


def clean(path):
    """A path with `.` and `..` resolved and one kind of separator."""
    out = []
    for part in (path or '').replace('\\', '/').split('/'):
        if part == '..' and out and out[-1] != '..':
            out.pop()
        elif part not in ('.', ''):
            out.append(part)
    return '/'.join(out)


def unsigned(name):
    """A name without its parameter list and what follows it, without blanks, and with one spelling of unnamed namespaces."""
    name = re.sub(r"\?A0x[0-9a-fA-F]{8}|`anonymous[- ]namespace'|\(anonymous namespace\)", '<anonymous>', name or '')
    name = re.sub(r'\s+(const|volatile|&|&&|noexcept)$', '', name.strip())
    while re.search(r'\)\s*(const|volatile|&&?|noexcept|\s)*$', name):
        depth = 0
        for i in range(len(name) - 1, -1, -1):
            if name[i] == ')':
                depth += 1
            elif name[i] == '(':
                depth -= 1
                if depth == 0:
                    break
        if i <= 0 or name[:i].endswith('operator'):
            break
        name = name[:i]
    return name.replace(' ', '')


def last_part(name):
    """Position behind the last `::` that is not inside template arguments or parentheses."""
    depth = 0
    for i in range(len(name) - 1, 0, -1):
        if name[i] in '>)' and not name.startswith('operator', max(0, i - 9)):
            depth += 1
        elif name[i] in '<(':
            depth -= 1
        elif depth == 0 and name[i - 1:i + 1] == '::':
            return i + 1
    return 0


def spellings(scope, name):
    """What a callee of an item may be called: in full, constructors and destructors by the name of their class too."""
    if name is None:
        return set()
    own = [name]
    if scope and name in ('{ctor}', '{dtor}'):
        bare = scope[last_part(scope):]
        for form in (bare, bare.split('<')[0]):
            own.append(('~' if name == '{dtor}' else '') + form)
    return {unsigned((scope + '::' if scope else '') + n) for n in own}


def same_name(dump, kind, wanted, got):
    if kind == 'proc':
        return unsigned(wanted) == unsigned(got)
    return unsigned(got) in spellings(*dump.callee(wanted))


def matches(dump, expected, frames):
    """None when equal, else the class of the difference."""
    if len(expected) != len(frames):
        return 'missing' if not frames else 'depth'
    for (kind, name, file, line), frame in zip(expected, frames):
        if not same_name(dump, kind, name, frame['function']):
            return 'inline-name' if kind == 'inline' else 'name'
        if (frame.get('line') or 0) != line:
            return 'inline-line' if kind == 'inline' else 'call-line' if len(frames) > 1 else 'line'
        if line and clean(frame.get('file')) != clean(file):
            return 'file'
    return None


def walk(sites):
    stack = list(sites)
    while stack:
        site = stack.pop()
        yield site
        stack.extend(site.children)


class Comparison:
    def __init__(self, show):
        self.counts, self.examples, self.show = collections.defaultdict(collections.Counter), collections.defaultdict(list), show

    def note(self, what, kind, *example):
        self.counts[what][kind or 'equal'] += 1
        if kind and len(self.examples[what, kind]) < self.show:
            self.examples[what, kind].append(example)


def procedures(dump, procs, listed, result):
    found = collections.defaultdict(list)
    for function in listed:
        found[int(function['addr'], 16)].append(function)
    for proc in procs:
        if proc.size == 0:
            continue
        here = found.get(proc.start, [])
        others = [p for p in dump.procs if p.start == proc.start] if len(here) == 1 else []
        if not here:
            result.note('procedures', 'missing', proc.name, hex(proc.start), proc.size)
        elif not any(unsigned(f['name']) == unsigned(proc.name) for f in here):
            folded = any(unsigned(f['name']) == unsigned(p.name) for f in here for p in others)
            result.note('procedures', 'folded' if folded else 'name', proc.name, [f['name'] for f in here])
        elif not any(int(str(f['size']), 0) == proc.size for f in here):
            result.note('procedures', 'size', proc.name, hex(proc.start), proc.size, [f['size'] for f in here])
        else:
            result.note('procedures', None)


def points(proc):
    """(address, kind of comparison) for every row and piece of a procedure."""
    end = proc.start + proc.size
    inlined = [(p.start, p.end) for s in walk(proc.sites) for p in s.pieces]
    for at, stop, _, _ in proc.module.readings[0].within(proc.start, end):
        if stop > proc.start:
            for address in {max(at, proc.start), min(stop, end) - 1}:
                if not any(a <= address < b for a, b in inlined):
                    yield address, 'lines'
    for a, b in inlined:
        for address in {max(a, proc.start), min(b, end) - 1}:
            if proc.start <= address < end:
                yield address, 'inlines'


def compare(path, a, cli):
    dump, result = pdb_dump.Dump(path, a.llvm), Comparison(a.show)
    procs = dump.procs[::a.every]
    procedures(dump, procs, ours(cli, 'functions', path), result)
    asked = collections.defaultdict(dict)
    for proc in procs:
        for address, what in points(proc):
            asked[address].setdefault(what, proc)
    order = sorted(asked)
    answers = ours(cli, 'lookup', path, '\n'.join(map(hex, order)) + '\n') if order else []
    for address, answer in zip(order, answers):
        for what, proc in asked[address].items():
            # Of procedures folded into one address any is right.
            candidates = [stack for p in [proc] + [p for p in dump.covering(address) if p is not proc] for stack in dump.stacks(p, address)]
            kinds = [matches(dump, stack, answer['frames']) for stack in candidates]
            kind = None if None in kinds else kinds[0]
            result.note(what, kind, hex(address), hex(address - proc.start), dump.named(candidates[0]),
                        [(f['function'], f.get('file'), f.get('line')) for f in answer['frames']])
    return result


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument('files', nargs='+')
    ap.add_argument('--cli')
    ap.add_argument('--llvm', default='llvm-pdbutil-19')
    ap.add_argument('--show', type=int, default=3, help='examples printed per class')
    ap.add_argument('--every', type=int, default=1)
    ap.add_argument('--markdown', action='store_true')
    a = ap.parse_args()
    cli = a.cli or default_cli()
    rows, total = [], collections.Counter()
    for path in a.files:
        result = compare(path, a, cli)
        name = '/'.join(os.path.normpath(path).split(os.sep)[-2:])
        for what in ('procedures', 'lines', 'inlines'):
            counts = result.counts[what]
            total.update(counts)
            rows.append((name, what, counts))
            print('%s %s: %s' % (name, what, ', '.join('%s %d' % kv for kv in counts.most_common())), file=sys.stderr)
        for (what, kind), items in result.examples.items():
            for item in items:
                print('  %s %s' % (what, kind), *item, sep='\n    ', file=sys.stderr)
    if a.markdown:
        kinds = sorted(k for k in total if k != 'equal')
        print('| file | compared | number | equal |%s\n|---|---|---|---|%s' % (''.join(' %s |' % k for k in kinds), '---|' * len(kinds)))
        for name, what, counts in rows:
            print('| %s | %s | %d | %d |%s' % (name, what, sum(counts.values()), counts['equal'], ''.join(' %d |' % counts[k] for k in kinds)))
    explained = sum(v for k, v in total.items() if k in EXPLAINED)
    unexplained = sum(v for k, v in total.items() if k not in EXPLAINED and k != 'equal')
    print('%d equal, %d explained, %d unexplained' % (total['equal'], explained, unexplained))
    return 1 if unexplained or not total['equal'] else 0


if __name__ == '__main__':
    sys.exit(main())
