#!/usr/bin/env python3
"""Compares what three independent readers see in the minidump fixtures: Breakpad's minidump_dump, LLVM's obj2yaml, and
gdb on the core that the dump was made of; for dumps of Windows programs the emulator that stopped them stands in for gdb.
obj2yaml refuses Wine's dumps ("String size not even"). Prints a table in Markdown; exit status 1 when two disagree.

    dump-readers.py MINIDUMP_DUMP MINIDUMP_STACKWALK OBJ2YAML [--record FOLDER]

--record writes what Breakpad reads of every dump as JSON, which the tests of our reader take as truth.
"""
import json
import os
import re
import struct
import subprocess
import sys

FIXTURES = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), 'fixtures')
ARM64 = {**{'iregs[%2d]' % i: 'x%d' % i for i in range(29)}, 'iregs[29]': 'fp', 'iregs[30]': 'lr', 'iregs[31]': 'sp', 'iregs[32]': 'pc'}
X64 = 'rax rcx rdx rbx rsp rbp rsi rdi r8 r9 r10 r11 r12 r13 r14 r15 rip'.split()
X86 = 'eax ecx edx ebx esp ebp esi edi eip eflags'.split()
ARM = {**{'r%d' % i: 'r%d' % i for i in range(13)}, 'r11': 'fp', 'sp': 'sp', 'lr': 'lr', 'pc': 'pc', 'cpsr': 'cpsr'}
# What minidump_dump prints of a context, by its heading, to our names.
CONTEXTS = {'MDRawContextAMD64': {n: n for n in X64}, 'MDRawContextX86': {n: n for n in X86}, 'MDRawContextARM': ARM,
            'MDRawContextARM64': ARM64}
# Offset and size of the program counter by the size of the context (x86, arm, x64, arm64).
COUNTERS = {716: (184, '<I'), 368: (64, '<I'), 1232: (248, '<Q')}


def run(*command):
    # minidump_dump ends with an error status when a stream is merely absent.
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout.decode('utf8', 'replace')


def breakpad(tool, path):
    """Threads with registers, exception and modules out of the text of minidump_dump."""
    result = {'threads': [], 'exception': None, 'modules': []}
    registers, names = None, {}
    for line in run(tool, path).splitlines():
        if line.startswith('MDRawContext'):
            names = next((n for heading, n in sorted(CONTEXTS.items(), reverse=True) if line.startswith(heading)), {})
        elif line == 'MDRawThread':
            registers = {}
            result['threads'].append({'registers': registers})
        elif line == 'MDException':
            registers = {}
            result['exception'] = {'registers': registers}
        elif line == 'MDRawModule':
            registers = None
            result['modules'].append({})
        found = re.match(r'  (\S.*?)\s+= (.*)', line)
        if not found:
            continue
        key, value = found.groups()
        if registers is not None and key in names:
            registers[names[key]] = value
        elif key == 'thread_id':
            target = result['threads'][-1] if result['exception'] is None else result['exception']
            target['id'] = int(value, 16)
        elif result['exception'] is not None and key.startswith('exception_record.exception_'):
            result['exception'][key.rsplit('_', 1)[1]] = value.split()[0]
        elif result['modules']:
            name = {'base_of_image': 'address', 'size_of_image': 'size', '(code_file)': 'code_file', '(code_identifier)': 'code_id',
                    '(debug_identifier)': 'debug_id', '(debug_file)': 'debug_file'}.get(key)
            if name:
                result['modules'][-1][name] = value.strip('"')
    return result


def llvm(tool, path):
    """Thread ids, program counters and modules out of the YAML of obj2yaml; contexts are raw bytes there."""
    text = run(tool, path)
    modules = [(int(base, 16), int(size, 16), name.strip("'")) for base, size, name in
               re.findall(r'- Base of Image: +(\S+)\n +Size of Image: +(\S+)\n(?: +Time Date Stamp:.*\n)? +Module Name: +(.*)', text)]
    threads = {int(tid, 16): pc(bytes.fromhex(context)) for tid, context in
               re.findall(r'- Thread Id: +(\S+)\n(?:  .*\n)*? +Context: +(\w+)', text)}
    crash = re.search(r'Thread ID: +(\S+)\n.*\n +Exception Code: +(\S+)\n(?: +Exception Flags: +(\S+)\n)?'
                      r'(?: +Exception Address: +(\S+))?', text)
    return modules, threads, [int(x or '0', 16) for x in crash.groups()]


def pc(context):
    offset, form = COUNTERS.get(len(context), (264, '<Q'))
    return struct.unpack_from(form, context, offset)[0]


def compare(path, tools):
    name = os.path.basename(path).split('.')[0]
    ours = breakpad(tools[0], path)
    modules, threads, crash = llvm(tools[2], path)
    with open(os.path.join(FIXTURES, 'oracle', name + '.gdb.json'), encoding='utf8') as f:
        gdb = json.load(f)['threads']
    counter = {t['id']: int(next(t['registers'][n] for n in ('rip', 'eip', 'pc') if n in t['registers']), 16) for t in ours['threads']}
    crashed = next(t for t in gdb if t['crashed'])
    exception = ours['exception']
    checks = {
        'threads': counter.keys() == threads.keys() == {t['tid'] for t in gdb},
        'program counters': counter == threads == {t['tid']: int(t['frames'][0]['pc'], 16) for t in gdb},
        'registers': all(len(t['registers']) in (10, 17, 33) for t in ours['threads'] + [exception]),
        'modules': [(int(m['address'], 16), int(m['size'], 16), m['code_file']) for m in ours['modules']] == modules,
        'exception': [exception['id'], int(exception['code'], 16), int(exception['flags'], 16), int(exception['address'], 16)] == crash
                     and exception['id'] == crashed['tid'],
        'frames': frames(run(tools[1], '-m', path), crashed, ours['threads'], ours['modules']),
    }
    return ours, checks


def compare_executed(path, tools):
    """A dump of a program that the emulator stopped at many instructions: its call stacks are what gdb says elsewhere."""
    ours = breakpad(tools[0], path)
    modules, threads, crash = llvm(tools[2], path)
    with open(os.path.join(FIXTURES, 'oracle', 'windows', os.path.basename(path)[:-4] + '.json'), encoding='utf8') as f:
        stacks = [[int(a, 16) for a in stack] for stack in json.load(f)]
    base = modules[0][0]
    want = [base + stack[0] if stack[0] < 0x10000 else stack[0] for stack in stacks]
    counter = {t['id']: int(next(t['registers'][n] for n in ('rip', 'eip', 'pc') if n in t['registers']), 16) for t in ours['threads']}
    exception = ours['exception']
    first = re.findall(r'^\d+\|0\|([^|]*)\|[^|]*\|[^|]*\|[^|]*\|(0x\w+)$', run(tools[1], '-m', path), re.M)
    return ours, {
        'threads': counter.keys() == threads.keys() and len(counter) == len(stacks),
        'program counters': counter == threads and list(counter.values()) == want,
        'registers': all(len(t['registers']) in (10, 17, 33) for t in ours['threads'] + [exception]),
        'modules': [(int(m['address'], 16), int(m['size'], 16), m['code_file']) for m in ours['modules']] == modules,
        'exception': [exception['id'], int(exception['code'], 16), int(exception['flags'], 16), int(exception['address'], 16)] == crash,
        # It places the call into an unloaded module relative to one of the places where that had been.
        'frames': len(first) == len(stacks) and all(
            module == 'plugin.dll' if stack[0] >= 0x10000 else int(pc, 16) == stack[0] for (module, pc), stack in zip(first, stacks)),
    }


def frames(stackwalk, crashed, threads, modules):
    """The addresses that minidump_stackwalk finds without symbols on the crashed thread contain those of gdb in its order."""
    thread = re.search(r'^Crash\|[^|]*\|[^|]*\|(\d+)$', stackwalk, re.M).group(1)
    bases = {os.path.basename(m['code_file']): int(m['address'], 16) for m in modules}
    found = []
    for index, module, offset in re.findall(r'^%s\|(\d+)\|([^|]+)\|[^|]*\|[^|]*\|[^|]*\|(0x\w+)$' % thread, stackwalk, re.M):
        found.append(bases[module] + int(offset, 16))
    want = list(dict.fromkeys(int(f['pc'], 16) for f in crashed['frames'] if f['debug'] and not f['module'].startswith('lib')))
    rest = iter(found)
    # 32-bit x86 is built without frame pointers: without symbols minidump_stackwalk knows only the first frame for sure.
    sure = 1 if any('eip' in t['registers'] for t in threads) else 4
    # Callers are given as the address of the call: up to a few bytes before the return address.
    return bool(want) and all(any(0 <= pc - x <= 8 for x in rest) for pc in want[:sure])


def main():
    tools, record = sys.argv[1:4], sys.argv[5] if len(sys.argv) > 4 else None
    files = [('minidump', f) for f in os.listdir(os.path.join(FIXTURES, 'minidump')) if f.endswith('.dmp')]
    files += [('windows', f) for f in os.listdir(os.path.join(FIXTURES, 'windows')) if re.fullmatch(r'stacks-.*\.dmp', f)]
    bad = 0
    for i, (folder, file) in enumerate(sorted(files)):
        seen, checks = (compare if folder == 'minidump' else compare_executed)(os.path.join(FIXTURES, folder, file), tools)
        if i == 0:
            print('| Dump | ' + ' | '.join(checks) + ' |')
            print('|---|' + '---|' * len(checks))
        print('| %s | %s |' % (file, ' | '.join('equal' if ok else 'DIFFERS' for ok in checks.values())))
        bad += sum(not ok for ok in checks.values())
        if record and folder == 'minidump':
            with open(os.path.join(record, file[:-4] + '.readers.json'), 'w', encoding='utf8') as f:
                json.dump(seen, f, indent=1)
                f.write('\n')
    print('\n%d differences' % bad)
    return 1 if bad else 0


if __name__ == '__main__':
    sys.exit(main())
