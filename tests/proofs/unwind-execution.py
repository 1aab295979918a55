"""Unwinding against execution: unwind-execution.py [--markdown] [--visits N] [--calls N] [--least N] DRIVER... -- IMAGE...

Each image is mapped and its functions are run in Unicorn, stopped before every instruction. What a function was called
with is known then: registers and stack at the call, the address behind it. The driver (tests/Symbolicator.UnwindDriver)
is told the registers and the stack at each stop, and has to find these callers, all the way up. Exit status 1 when one is
wrong or when not at least N functions of each CPU were stopped at every instruction.
Where unwind information says nothing of a place (x86 code without a record) nothing is compared."""
import argparse
import bisect
import collections
import os
import random
import re
import struct
import subprocess
import sys
import tempfile

import unicorn
from unicorn import arm64_const as a64
from unicorn import x86_const as x86

STACK, STACK_SIZE = 0x70000000, 0x400000
SCRATCH, SCRATCH_SIZE = 0x60000000, 0x10000
STOP = 0x50000000           # nothing lies there: who returns to it is done
ENTRY_STACK = STACK + STACK_SIZE - 0x10000
DEPTH = 12
MOST_INSTRUCTIONS = 10000   # of one call by us

# What hardware or the system enters, by the name of the function: bytes of the frame that they make.
HANDLERS = {'rule_interrupt': 40, 'rule_fault': 48, 'frame_of_machine': 16, 'frame_of_context': 0x390}
NOT_CALLED = set(HANDLERS) | {'frame_of_trap', 'unwound_to_call'}

# Of Visual C++: takes words off its caller's stack, so that "at the call" and "after the return" are not the same.
NOT_COMPARED = {'__security_pop_cookie'}


class Cpu:
    def __init__(self, machine):
        self.machine = machine
        if machine == 0xaa64:
            self.name, self.word = 'arm64', 8
            self.registers = [getattr(a64, 'UC_ARM64_REG_X%d' % i) for i in range(31)] + [a64.UC_ARM64_REG_SP, a64.UC_ARM64_REG_PC]
            self.sp, self.pc, self.link, self.saved = 31, 32, 30, list(range(19, 30))
            self.arguments = [0, 1, 2, 3, 4, 5, 6, 7]
            self.call, self.ret, self.branch, self.padding = r'blr?$|blra', r'ret', r'b\.|cbn?z|tbn?z', ('nop', 'udf')
        elif machine == 0x8664:
            self.name, self.word = 'x64', 8
            self.registers = [getattr(x86, 'UC_X86_REG_' + r) for r in
                              'RAX RDX RCX RBX RSI RDI RBP RSP R8 R9 R10 R11 R12 R13 R14 R15 RIP'.split()]
            self.sp, self.pc, self.link, self.saved = 7, 16, None, [3, 4, 5, 6, 12, 13, 14, 15]
            self.arguments = [2, 1, 8, 9]
            self.call, self.ret, self.branch, self.padding = r'call', r'ret', r'j(?!mp)', ('int3', 'nop')
        else:
            self.name, self.word = 'x86', 4
            self.registers = [getattr(x86, 'UC_X86_REG_' + r) for r in 'EAX ECX EDX EBX ESP EBP ESI EDI EIP EFLAGS'.split()]
            self.sp, self.pc, self.link, self.saved = 4, 8, None, [3, 5, 6, 7]
            self.arguments = []
            self.call, self.ret, self.branch, self.padding = r'call', r'ret', r'j(?!mp)', ('int3', 'nop')
        self.call, self.ret, self.branch = re.compile(self.call), re.compile(self.ret), re.compile(self.branch)

    def emulator(self):
        if self.name != 'arm64':
            mode = unicorn.UC_MODE_64 if self.name == 'x64' else unicorn.UC_MODE_32
            return unicorn.Uc(unicorn.UC_ARCH_X86, mode)
        uc = unicorn.Uc(unicorn.UC_ARCH_ARM64, unicorn.UC_MODE_ARM)
        uc.ctl_set_cpu_model(a64.UC_CPU_ARM64_MAX)
        write_system(uc, 3, 0, 1, 0, 2, 3 << 20)            # CPACR_EL1: vector registers
        write_system(uc, 3, 0, 2, 0, 2, 16 << 16 | 16)      # TCR_EL1: addresses of 48 bits, the rest is for signatures
        write_system(uc, 3, 4, 1, 1, 0, 1 << 41 | 1 << 40 | 1 << 31)        # HCR_EL2, SCR_EL3: signing does not trap
        write_system(uc, 3, 6, 1, 1, 0, 1 << 17 | 1 << 16 | 1 << 10 | 1)
        for key in range(4):
            write_system(uc, 3, 0, 2, 1, key, 0x0123456789abcdef * (key + 1) % (1 << 64))  # APIA and APIB, both halves
        # SCTLR_EL1: both keys sign. By an instruction, because only then Unicorn takes notice.
        uc.mem_map(STOP - 0x10000, 0x1000)
        uc.mem_write(STOP - 0x10000, bytes.fromhex('001018d5df3f03d5'))     # msr sctlr_el1, x0; isb
        uc.reg_write(a64.UC_ARM64_REG_X0, read_system(uc, 3, 0, 1, 0, 0) | 3 << 30)
        uc.emu_start(STOP - 0x10000, STOP - 0x10000 + 8)
        uc.mem_unmap(STOP - 0x10000, 0x1000)
        return uc


def write_system(uc, op0, op1, crn, crm, op2, value):
    uc.reg_write(a64.UC_ARM64_REG_CP_REG, (crn, crm, op0, op1, op2, value))


def read_system(uc, op0, op1, crn, crm, op2):
    return uc.reg_read(a64.UC_ARM64_REG_CP_REG, (crn, crm, op0, op1, op2))


class Image:
    def __init__(self, path):
        self.path = path
        with open(path, 'rb') as file:
            data = file.read()
        pe = struct.unpack_from('<I', data, 0x3c)[0]
        machine, sections, _, _, _, optional, _ = struct.unpack_from('<HHIIIHH', data, pe + 4)
        self.cpu = Cpu(machine)
        at = pe + 24
        self.entry = struct.unpack_from('<I', data, at + 16)[0]
        self.base = struct.unpack_from('<I', data, at + 28)[0] if self.cpu.word == 4 else struct.unpack_from('<Q', data, at + 24)[0]
        self.size = struct.unpack_from('<I', data, at + 56)[0]
        self.memory = bytearray(self.size + 0xfff & ~0xfff)
        self.sections = []
        for i in range(sections):
            _, virtual, rva, raw, offset = struct.unpack_from('<8sIIII', data, at + optional + 40 * i)
            flags = struct.unpack_from('<I', data, at + optional + 40 * i + 36)[0]
            self.memory[rva:rva + min(raw, virtual)] = data[offset:offset + min(raw, virtual)]
            self.sections.append((rva, virtual, flags))
        self.instructions = disassemble(path)
        self.functions = self.find_functions()
        self.excluded = {a for f in self.functions if f.name in NOT_COMPARED for a in f.instructions}

    def find_functions(self):
        """Start and name of every function that the symbol table knows, or else the PDB."""
        found = {}
        text = subprocess.run(['llvm-objdump-19', '-t', self.path], check=True, capture_output=True, text=True).stdout
        symbols = re.findall(r'\(sec +(\d+)\)\(fl \S+\)\(ty +20\).* 0x([0-9a-f]+) (\S+)$', text, re.M)
        symbols = [(name, section, int(offset, 16)) for section, offset, name in symbols]
        if not symbols:
            pdb = os.path.splitext(self.path)[0] + '.pdb'
            text = subprocess.run(['llvm-pdbutil-19', 'dump', '-publics', '-symbols', pdb], check=True, capture_output=True, text=True).stdout
            symbols = [(name, section, int(offset)) for name, section, offset in re.findall(
                r'S_(?:PUB32|[GL]PROC32(?:_ID)?) \[size = \d+\] `(.*)`\n(?:.*flags = function, |.*\n?.*?)addr = (\d+):(\d+)', text)]
        for name, section, offset in symbols:
            if not 0 < int(section) <= len(self.sections):
                continue    # absolute
            rva, virtual, flags = self.sections[int(section) - 1]
            if flags & 0x20000000:
                found.setdefault(rva + offset, name)
        starts = sorted(found)
        functions = []
        for i, start in enumerate(starts):
            section = next(s for s in self.sections if s[0] <= start < s[0] + s[1])
            end = min([section[0] + section[1]] + starts[i + 1:i + 2])
            inside = [a for a in self.addresses(start, end)]
            while inside and self.instructions[inside[-1]][0].startswith(self.cpu.padding):
                inside.pop()
            if inside:
                functions.append(Function(found[start], start, inside))
        return functions

    def addresses(self, start, end):
        order = self.order = getattr(self, 'order', None) or sorted(self.instructions)
        return order[bisect.bisect_left(order, start):bisect.bisect_left(order, end)]


class Function:
    def __init__(self, name, start, instructions):
        self.name, self.start, self.instructions = name, start, instructions


def disassemble(path):
    """Mnemonic, size and target of every instruction, by relative address."""
    text = subprocess.run(['llvm-objdump-19', '-d', '--no-show-raw-insn', '--no-leading-headers', path], check=True, capture_output=True, text=True).stdout
    headers = subprocess.run(['llvm-readobj-19', '--file-headers', path], check=True, capture_output=True, text=True).stdout
    base = int(re.search(r'ImageBase: (\w+)', headers).group(1), 0)
    found = re.findall(r'^\s*([0-9a-f]+):\s+(\S+)(?:.*?\b0x([0-9a-f]+)(?: <.*)?$)?', text, re.M)
    addresses = [int(a, 16) - base for a, _, _ in found]
    return {a: (m, n - a, int(t, 16) - base if t else None)
            for a, (_, m, t), n in zip(addresses, found, addresses[1:] + [addresses[-1] + 4])}


class Frame:
    """A call that has not returned."""
    def __init__(self, return_address, stack, registers):
        self.return_address, self.stack, self.registers = return_address, stack, registers


class Run:
    """Executes an image and writes what the driver is to answer."""
    def __init__(self, image, visits, trace):
        self.image, self.cpu, self.visits, self.trace = image, image.cpu, visits, trace
        self.uc = self.cpu.emulator()
        self.uc.mem_map(image.base, len(image.memory))
        self.uc.mem_write(image.base, bytes(image.memory))
        for at, virtual, flags in image.sections:
            write = unicorn.UC_PROT_WRITE if flags & 0x80000000 else unicorn.UC_PROT_EXEC
            self.uc.mem_protect(image.base + at, virtual + 0xfff & ~0xfff, unicorn.UC_PROT_READ | write)
        self.uc.mem_map(STACK, STACK_SIZE)
        self.uc.mem_map(SCRATCH, SCRATCH_SIZE)
        self.uc.hook_add(unicorn.UC_HOOK_CODE, self.on_code)
        self.uc.hook_add(unicorn.UC_HOOK_MEM_WRITE, self.on_write, None, STACK, STACK + STACK_SIZE - 1)
        if image.cpu.name != 'arm64':   # return addresses are told by the call before them; the PDB of x86 has no code
            for rva, virtual, flags in image.sections:
                if flags & 0x20000000:
                    trace.write('b %x %s\n' % (image.base + rva, image.memory[rva:rva + virtual].hex()))
            trace.write('b %x e800000000\n' % (STOP - 5))      # the call that we are
        self.seen = collections.Counter()
        self.expected = []          # by stop: relative address, frames
        self.broken = set()         # functions that did not keep what the ABI says
        self.writes = []

    def registers(self):
        return [self.uc.reg_read(r) for r in self.cpu.registers]

    def call(self, rva, arguments, force=None, often=0, handler=None, after=0, most=MOST_INSTRUCTIONS):
        """Runs a function until it returns, faults or takes too long.

        force: a source of dice; half of the conditional branches go where nobody has been yet, and some, as often as said,
        anywhere. That may let code write where it never does, so that such a run counts only when it returns in order.
        handler: a function that interrupts this one after some instructions."""
        uc, cpu = self.uc, self.cpu
        self.force, self.often, self.handler, self.after, self.inside, self.most = force, often, handler, after, 0, most
        kept, broken, self.states = len(self.expected), set(self.broken), []
        for at, virtual, flags in self.image.sections:
            if flags & 0x80000000:      # written to by the call before
                uc.mem_write(self.image.base + at, bytes(self.image.memory[at:at + virtual]))
        # Neighbouring words hold their own address, so that reading the wrong one shows.
        uc.mem_write(SCRATCH, struct.pack('<%dI' % (SCRATCH_SIZE // 4), *(i % 97 for i in range(SCRATCH_SIZE // 4))))
        for i, register in enumerate(cpu.registers):
            if i not in (cpu.sp, cpu.pc) and not (cpu.name == 'x86' and i == 9):
                uc.reg_write(register, 0x1111111111111111 * (i % 15 + 1) % (1 << 8 * cpu.word))
        stack = ENTRY_STACK
        for i, value in enumerate(arguments):
            if i < len(cpu.arguments):
                uc.reg_write(cpu.registers[cpu.arguments[i]], value)
        if cpu.name == 'arm64':
            uc.reg_write(cpu.registers[cpu.link], STOP)
            for i in range(8):
                uc.reg_write(getattr(a64, 'UC_ARM64_REG_D%d' % i), struct.unpack('<Q', struct.pack('<d', arguments[i % len(arguments)] % 1000))[0])
            self.store(stack, list(arguments))
        elif cpu.name == 'x64':
            stack -= 8
            for i in range(4):
                uc.reg_write(getattr(x86, 'UC_X86_REG_XMM%d' % i), struct.unpack('<Q', struct.pack('<d', arguments[i] % 1000))[0])
            self.store(stack, [STOP, 0, 0, 0, 0] + list(arguments[4:]))
        else:
            stack -= 4
            self.store(stack, [STOP] + [a % (1 << 32) for a in arguments])
        uc.reg_write(cpu.registers[cpu.sp], stack)
        self.frames, self.before, self.count = [], None, 0
        self.entering = STOP
        try:
            uc.emu_start(self.image.base + rva, STOP)
        except unicorn.UcError:
            pass        # what was stopped at before is as good
        self.flush()
        if len(self.frames) == 1 and uc.reg_read(cpu.registers[cpu.pc]) == STOP:
            self.leave(STOP)
        if force is not None and (self.frames or self.broken != broken):
            for stopped, _ in self.expected[kept:]:
                self.seen[stopped] -= 1
            del self.expected[kept:]
            self.broken = broken
        else:
            for line in self.states:
                self.trace.write(line)

    def store(self, address, words):
        data = b''.join(struct.pack('<Q' if self.cpu.word == 8 else '<I', w) for w in words)
        self.uc.mem_write(address, data)
        self.writes.append((address, len(data)))

    def on_write(self, uc, access, address, size, value, user):
        self.writes.append((address, size))

    def flush(self):
        for address, size in self.writes:
            if not STACK <= address <= STACK + STACK_SIZE - size:
                continue
            data = self.uc.mem_read(address, size)
            for at in range(0, size, 8):
                part = data[at:at + 8]
                self.states.append('w %x %x %x\n' % (address + at, int.from_bytes(part, 'little'), len(part)))
        self.writes.clear()

    def on_code(self, uc, address, size, user):
        try:
            self.step(address)
        except Exception as error:      # Unicorn would only print it
            self.error = error
            uc.emu_stop()
            raise

    def step(self, address):
        rva = address - self.image.base
        if rva not in self.image.instructions:
            self.uc.emu_stop()
            return
        cpu, before = self.cpu, self.before
        kind = self.image.instructions[before][0] if before is not None else None
        if self.entering is not None or kind is not None and cpu.call.match(kind) and rva != before + self.image.instructions[before][1]:
            registers = self.registers()
            returns = self.entering if self.entering is not None else self.image.base + before + self.image.instructions[before][1]
            self.frames.append(Frame(returns, registers[cpu.sp] + (0 if cpu.link is not None else cpu.word), registers))
            self.frames[-1].function = rva
            self.entering = None
        elif kind is not None and (cpu.ret.match(kind) or self.jumped_back(address, before)):
            self.leave(address)
        self.before = rva
        self.count += 1
        if self.count > self.most or not self.frames:
            self.uc.emu_stop()
            return
        if self.handler is not None and self.count > self.after:
            self.interrupt(address)
            return
        if self.inside and cpu.ret.match(kind or '') and len(self.frames) <= self.inside:
            self.uc.emu_stop()      # the epilog of a handler is none that unwind information knows
            return
        if self.seen[rva] < self.visits and rva not in self.image.excluded:
            self.seen[rva] += 1
            self.stop(rva)
        self.redirect(rva)

    def jumped_back(self, address, before):
        """The stack probe of x86 returns by a jump."""
        frame = self.frames[-1] if self.frames else None
        return (frame is not None and frame.return_address == address and self.image.instructions[before][0].startswith('jmp')
                and frame.function != self.image.entry and address - self.image.base != before + self.image.instructions[before][1])

    def redirect(self, rva):
        """Takes a conditional branch to where nobody has been, or anywhere."""
        name, size, target = self.image.instructions[rva]
        if self.force is None or not self.cpu.branch.match(name) or target is None or self.force.random() < 0.5:
            return
        ways = [way for way in (target, rva + size) if not self.seen[way]]
        if ways or self.force.random() < self.often:
            self.before = None
            self.uc.reg_write(self.cpu.registers[self.cpu.pc], self.image.base + self.force.choice(ways or [target, rva + size]))

    def interrupt(self, address):
        """Makes the frame that the handler expects, and enters it."""
        uc, cpu = self.uc, self.cpu
        registers = self.registers()
        stack = (registers[cpu.sp] & ~15) - HANDLERS[self.handler.name] & ~15
        if cpu.name == 'x64':
            fault = self.handler.name == 'rule_fault'
            stack += 0 if fault else 8
            self.store(stack, [0x11] * fault + [address, 0x33, 0x202, registers[cpu.sp], 0x2b])
        elif self.handler.name == 'frame_of_machine':
            self.store(stack, [registers[cpu.sp], address])
        else:
            self.store(stack, [0x400007] + registers[:31] + [registers[cpu.sp], address])
        self.frames.append(Frame(address, registers[cpu.sp], registers))
        self.frames[-1].function = self.handler.start
        self.inside = len(self.frames)
        self.before, handler, self.handler = None, self.handler, None
        uc.reg_write(cpu.registers[cpu.sp], stack)
        uc.reg_write(cpu.registers[cpu.pc], self.image.base + handler.start)

    def leave(self, address):
        """The function has returned: the caller is what we said it would be."""
        frame = self.frames.pop()
        now = self.registers()
        kept = all(now[r] == frame.registers[r] for r in self.cpu.saved)
        if frame.return_address != address or not kept or not frame.stack <= now[self.cpu.sp] <= frame.stack + 64:
            self.broken.add(frame.function)

    def stop(self, rva):
        self.flush()
        registers = self.registers()
        self.states.append('s ' + ' '.join('%x' % r for r in registers) + '\n')
        expected = []
        for frame in self.frames[:-DEPTH - 1:-1]:
            expected.append((frame.function, frame.return_address, frame.stack, frame.registers))
        self.expected.append((rva, expected))


def check(run, answers):
    """Relative addresses that are wrong, with the first story of each."""
    cpu, wrong, silent = run.cpu, {}, set()
    callers = 0
    if len(answers) != len(run.expected):
        raise SystemExit('%s: %d answers for %d stops' % (run.image.path, len(answers), len(run.expected)))
    for (rva, frames), answer in zip(run.expected, answers):
        if any(f[0] in run.broken for f in frames):
            continue
        told = answer.split(' | ') if answer else []
        for number, (_, return_address, stack, registers) in enumerate(frames):
            if number >= len(told):
                wrong.setdefault(rva, 'frame %d is missing: %s' % (number, answer))
                break
            if cpu.name == 'x86' and told[number].startswith('NotCovered'):
                silent.add(rva)
                break
            values = told[number].split(' ')
            if len(values) != len(cpu.registers):
                wrong.setdefault(rva, 'frame %d: %s' % (number, told[number]))
                break
            needed = {cpu.pc: return_address, cpu.sp: stack}
            needed.update((r, registers[r]) for r in cpu.saved)
            bad = ['register %d is %s, not %x' % (r, values[r], v) for r, v in sorted(needed.items())
                   if values[r] != '%x' % v and not (cpu.name == 'x86' and values[r] == '-' and r not in (cpu.pc, cpu.sp))]
            if bad:
                wrong.setdefault(rva, 'frame %d: %s' % (number, '; '.join(bad[:4])))
                break
            callers += 1
    return wrong, callers, silent


def missing(run, function):
    """Instructions that were not stopped at; padding is none, nor is what stands behind calls that do not return."""
    return [a for a in function.instructions
            if not run.seen[a] and not run.image.instructions[a][0].startswith(('nop', 'brk', 'int3', 'ud2'))]


ARGUMENTS = [0, 1, 2, 3, 5, 7, 8, 13, 16, 100, 255, 256, 1000, 4095, 65536, 0x7fffffff, 0xffffffff, SCRATCH + 0x800, SCRATCH + 0x4000]


def prove(path, driver, visits, calls):
    image = Image(path)
    cpu = image.cpu
    dice = random.Random(7)
    with tempfile.NamedTemporaryFile('w', suffix='.trace') as trace:
        run = Run(image, visits, trace)
        if image.entry:
            run.call(image.entry, [3, 1, 2, 3, 4, 5, 6, 7], most=20 * MOST_INSTRUCTIONS)
        called = [f for f in image.functions if f.name not in NOT_CALLED]
        choices = ARGUMENTS + [image.base + f.start for f in called[:4]]
        for function in called:
            for number in range(calls):
                if number > 0 and not missing(run, function):
                    break
                first = [number % 8, SCRATCH + 0x100, SCRATCH + 0x200, number] if number < 16 else [dice.choice(choices) for _ in range(4)]
                run.call(function.start, first + [dice.choice(choices) for _ in range(8)], dice if number > calls // 2 else None, 0.5 * (number % 2))
        for handler in (f for f in image.functions if f.name in HANDLERS):
            for victim in dice.sample(called, min(calls, len(called))):
                run.call(victim.start, [dice.choice(choices) for _ in range(12)], handler=handler, after=dice.randrange(1, 60))
        if getattr(run, 'error', None):
            raise run.error
        trace.flush()
        unwound = os.path.splitext(path)[0] + '.pdb' if cpu.name == 'x86' else path
        with open(trace.name) as states:
            answers = subprocess.run(
                driver + [unwound, '%x' % image.base, '%x' % image.size, '%x' % STACK, '%x' % STACK_SIZE, str(DEPTH)],
                stdin=states, check=True, capture_output=True, text=True).stdout.split('\n')[:-1]
    wrong, callers, silent = check(run, answers)
    complete, partial = 0, 0
    for function in image.functions:
        left = missing(run, function)
        if function.start not in run.broken and not left:
            complete += 1
        elif function.start not in run.broken and len(left) < len(function.instructions):
            partial += 1
    for function in image.functions:
        for address in function.instructions:
            if address in wrong:
                print('%s %s+0x%x %s: %s' % (os.path.basename(path), function.name, address - function.start,
                                             image.instructions[address][0], wrong[address]), file=sys.stderr)
                break
    if os.environ.get('PARTIAL'):
        for function in image.functions:
            left = missing(run, function)
            if left or function.start in run.broken:
                print(os.path.basename(path), function.name, 'broken' if function.start in run.broken else '', len(left), 'of', len(function.instructions),
                      ' '.join('%x:%s' % (a - function.start, image.instructions[a][0]) for a in left[:8]), file=sys.stderr)
    instructions = sum(1 for n in run.seen.values() if n)
    return cpu.name, os.path.basename(path), complete, partial, instructions, len(run.expected), callers, len(wrong), len(silent)


def main():
    cut = sys.argv.index('--')
    parser = argparse.ArgumentParser()
    parser.add_argument('--markdown', action='store_true')
    parser.add_argument('--visits', type=int, default=3)
    parser.add_argument('--calls', type=int, default=40)
    parser.add_argument('--least', type=int, default=0)
    parser.add_argument('driver', nargs='+')
    options = parser.parse_args(sys.argv[1:cut])
    total = collections.defaultdict(collections.Counter)
    rows, failed = [], False
    for path in sys.argv[cut + 1:]:
        row = prove(path, options.driver, options.visits, options.calls)
        rows.append(row)
        failed |= row[7] > 0
        total[row[0]].update(dict(zip('complete partial instructions stops callers wrong silent'.split(), row[2:])))
        if not options.markdown:
            print('%-6s %-28s functions complete %4d partial %3d, instructions %6d, stops %6d, callers %6d, wrong %d, silent %d' % row, flush=True)
    if options.markdown:
        print('| image | CPU | functions, every instruction | functions, some | instructions | stops | callers compared | instructions wrong | no record |')
        print('| --- | --- | --: | --: | --: | --: | --: | --: | --: |')
        for row in rows:
            print('| %s | %s | %d | %d | %d | %d | %d | %d | %d |' % ((row[1], row[0]) + row[2:]))
        print()
    for cpu, sums in sorted(total.items()):
        print('%s%s: %d functions stopped at every instruction, %d at some; %d instructions, %d stops, %d callers compared, %d instructions wrong' % (
            '- ' * options.markdown, cpu, sums['complete'], sums['partial'], sums['instructions'], sums['stops'], sums['callers'], sums['wrong']))
        failed |= sums['complete'] < options.least
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
