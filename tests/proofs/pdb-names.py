#!/usr/bin/env python3
"""Compares the names of functions that we spell from types with the decorated names of the same addresses.

    pdb-names.py [--cli CMD] [--verbose N] [--markdown] PDB...

Every function of `functions --json` at whose address there is a decorated public name is compared with what llvm-undname
makes of that name. Functions folded into one address have several public names: the one of the same function is taken.
What differs is sorted into named classes; a class that is not in EXPLAINED (docs/accuracy.md says why) fails the run.
Needs llvm-pdbutil and llvm-undname (19). Last line: "N equal, N explained, N unexplained". Exit status 1 when any is unexplained.
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

EXPLAINED = {'const-parameter', 'folded', 'generated-destructor', 'local-scope', 'long-double', 'template-argument',
             'thunk', 'undefined-array'}
PUBLIC = re.compile(r'S_PUB32 \[size = \d+\] `(.*)`\n\s+flags = .*, addr = (\d+):(\d+)')
SECTION = re.compile(r'SECTION HEADER #(\d+)\n(?:.*\n){2}\s+([0-9A-F]+) virtual address')


def default_cli():
    found = sorted(glob.glob('artifacts/bin/Symbolicator.Cli/release/Symbolicator.Cli.dll'))
    if not found:
        sys.exit('no Release build of Symbolicator.Cli; run: dotnet build -c Release')
    return 'dotnet ' + found[0]


def run(*command, text=None):
    return subprocess.run(command, input=text, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          encoding='utf8', errors='replace').stdout


def undecorate(names):
    """llvm-undname prints each name, its meaning, and an empty line."""
    out = run('llvm-undname-19', '--no-access-specifier', '--no-calling-convention', '--no-return-type', '--no-member-type',
              text='\n'.join(names) + '\n')
    meanings = [block.split('\n', 1)[1] for block in out.strip('\n').split('\n\n')]
    if len(meanings) != len(names):
        sys.exit('llvm-undname: %d names, %d answers' % (len(names), len(meanings)))
    return dict(zip(names, meanings))


def publics(pdb):
    sections = {int(n): int(address, 16) for n, address in SECTION.findall(run('llvm-pdbutil-19', 'dump', '-section-headers', pdb))}
    found = collections.defaultdict(set)
    for name, section, offset in PUBLIC.findall(run('llvm-pdbutil-19', 'dump', '-publics', pdb)):
        if name.startswith('?'):
            found[sections.get(int(section), 0) + int(offset)].add(name)
    return found


def spelling(name):
    """One spelling of what the two only write differently: blanks, keywords of types, place of const, (void), __int64,
    template arguments repeated in names of constructors and destructors."""
    name = re.sub(r'\b(class|struct|union|enum) ', '', name).replace(' __ptr64', '')
    name = re.sub(r'\b__(cdecl|stdcall|thiscall|fastcall|vectorcall) ?', '', name)
    name = re.sub(r'\s*([*&,()<>\[\]])\s*', r'\1', name).replace('(void)', '()').replace('long long', '__int64')
    name = const_behind(name).replace('> const', '>const')
    name = re.sub(r'<[\w: *&]+\((?![*&])', '<(', name)  # llvm-undname drops the return type inside of arguments as well
    whole, parameters = split(name)
    scopes = components(whole)
    last = scopes[-1].split('<')[0]
    if last.startswith('~') or (len(scopes) > 1 and last == scopes[-2].split('<')[0]):
        scopes[-1] = last
    return '::'.join(scopes) + parameters


def components(name):
    """Scopes and name, without looking into template arguments and quotes."""
    parts, depth, start = [], 0, 0
    for i, c in enumerate(name):
        depth += {'<': 1, '(': 1, '`': 1, '>': -1, ')': -1, "'": -1}.get(c, 0)
        if depth == 0 and name.startswith('::', i):
            parts.append(name[start:i])
            start = i + 2
    return parts + [name[start:]]


def const_behind(name):
    """`const T` as `T const` where a pointer, reference or array of it is meant or it is a template argument."""
    at = 0
    while True:
        found = re.compile(r'(?<=[<,(])const ').search(name, at)
        if not found:
            return name
        end, depth = found.end(), 0
        while end < len(name) and not (depth == 0 and name[end] in '*&,>)(['):
            depth += {'<': 1, '>': -1}.get(name[end], 0)
            end += 1
        in_arguments = name.count('<', 0, found.start()) > name.count('>', 0, found.start())
        if name[end:end + 1] in ('*', '&', '(', '[') or in_arguments:
            name = name[:found.start()] + name[found.end():end] + ' const' + name[end:]
        at = found.start() + 1


def split(name):
    """Qualified name and parameters with qualifiers; the parameters start at the last parenthesis of depth 0."""
    depth = 0
    for i in range(len(name) - 1, -1, -1):
        depth += {')': 1, '(': -1}.get(name[i], 0)
        if depth == 0 and name[i] == '(':
            return name[:i], name[i:]
    return name, ''


def without_const(parameters):
    """Parameters that are themselves const: a decorated name does not say so of values."""
    parts, depth, part = [], 0, ''
    for c in parameters[1:parameters.rindex(')')]:
        depth += {'<': 1, '(': 1, '>': -1, ')': -1}.get(c, 0)
        if c == ',' and depth == 0:
            parts.append(part)
            part = ''
        else:
            part += c
    parts.append(part)
    parts = [re.sub(r'^const ', '', p) for p in parts]
    parts = [re.sub(r'(?<=[*&]) ?(const|__restrict|volatile)( (const|__restrict|volatile))*$', '', p) for p in parts]
    return '(' + ','.join(parts) + parameters[parameters.rindex(')'):]


def without_arguments(name):
    """The name without template arguments."""
    out, depth = '', 0
    for c in name.replace('operator<<', 'operator_shl').replace('operator->', 'operator_arrow').replace('operator>>', 'operator_shr'):
        depth -= c == '>'
        out += c if depth <= 0 and c not in '<>' else ''
        depth += c == '<'
    return out


def classify(ours, meanings):
    theirs = {spelling(m) for m in meanings}
    if ours in theirs:
        return 'equal'
    name, parameters = split(ours)
    if not parameters:
        return 'thunk' if all(t.startswith('[thunk]') for t in theirs) else 'no-parameters'
    if any(without_const(parameters) == without_const(p) and n == name for n, p in map(split, theirs) if p):
        return 'const-parameter'
    scope = name[:name.rfind('::~')] if '::~' in name else None
    if scope and any(t.startswith(scope + '::`') and "dtor'" in t for t in theirs):
        return 'generated-destructor'
    if "destructor'" in name and any("dtor'" in t for t in theirs):
        return 'generated-destructor'
    if any(without_const(parameters) == without_const(p).replace('long double', 'double') for n, p in map(split, theirs) if p and n == name):
        return 'long-double'
    if '__l' in ours or '`lambda at' in ours or '<lambda_' in ours or any("'::`" in t or "`'" in t for t in theirs):
        return 'local-scope'
    if any(n == name and parameters == re.sub(r'\[\d+\]', '[]', p) for n, p in map(split, theirs)):
        return 'undefined-array'
    bare = without_arguments(name)
    same = [split(t) for t in theirs if without_arguments(split(t)[0]) == bare]
    if not same:
        return 'folded'
    if any(without_arguments(without_const(p)) == without_arguments(without_const(parameters)) for _, p in same if p):
        return 'template-argument'
    return 'other'


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument('--cli')
    arguments.add_argument('--verbose', type=int, default=5)
    arguments.add_argument('--markdown', action='store_true')
    arguments.add_argument('pdb', nargs='+')
    options = arguments.parse_args()
    cli = shlex.split(options.cli or default_cli())
    total = collections.Counter()
    rows = []
    for pdb in options.pdb:
        by_address = publics(pdb)
        meanings = undecorate(sorted(set().union(*by_address.values())))
        counts = collections.Counter()
        for line in run(*cli, 'functions', '--json', pdb).splitlines():
            function = json.loads(line)
            names = by_address.get(int(function['addr'], 16))
            if not names or function['name'] in names:
                continue  # without a decorated name, or without debug information
            kind = classify(spelling(function['name']), [meanings[n] for n in names])
            counts[kind] += 1
            if kind != 'equal' and (kind not in EXPLAINED or options.verbose > 5) and counts[kind] <= options.verbose:
                print('%s %s %s\n    ours   %s' % (kind, os.path.basename(pdb), function['addr'], spelling(function['name'])))
                for n in sorted(names)[:4]:
                    print('    public %s' % spelling(meanings[n]))
        rows.append((pdb, counts))
        total.update(counts)
    kinds = sorted(k for k in total if k != 'equal')
    if options.markdown:
        print('| PDB | functions | equal | ' + ' | '.join(kinds) + ' |\n|---' * 1 + '|---' * (len(kinds) + 2) + '|')
        for pdb, counts in rows:
            label = '/'.join(part for part in pdb.split('/')[-3:] if part != 'native')
            print('| %s | %d | %d | %s |' % (label, sum(counts.values()), counts['equal'], ' | '.join(str(counts[k]) for k in kinds)))
    else:
        print(dict(total))
    explained = sum(total[k] for k in kinds if k in EXPLAINED)
    unexplained = sum(total[k] for k in kinds if k not in EXPLAINED)
    print('%d equal, %d explained, %d unexplained' % (total['equal'], explained, unexplained))
    sys.exit(1 if unexplained else 0)


if __name__ == '__main__':
    main()
