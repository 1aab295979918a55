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
import os
import sys

import pdb_dump
from pdb_names import default_cli, matches, ours, unsigned

# Each class is described in docs/accuracy.md.
EXPLAINED = set()


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
