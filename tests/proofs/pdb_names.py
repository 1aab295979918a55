"""Names, paths and answers of the program under test, in the form in which the comparisons of PDBs need them."""
import glob
import json
import re
import shlex
import subprocess
import sys


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
    if dump.ids:
        return unsigned(got) in spellings(*dump.callee(wanted))
    own, got = dump.callee(wanted)[1] or '', '::' + unsigned(got)  # without the types the scope is not known, and long names are cut
    return '::' + unsigned(own[:-3]) in got if own.endswith('...') else got.endswith('::' + unsigned(own))


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
