"""What llvm-pdbutil prints of a PDB, as procedures, inline sites and lines.

llvm-pdbutil only prints the records. The binary annotations of inline sites are decoded here from the bytes that it prints, the
ranges, the line rows and the calls are put together here, by docs/accuracy.md and nothing of the program under test.
"""
import bisect
import collections
import re
import struct
import subprocess

Proc = collections.namedtuple('Proc', 'module start size name sites blocks')
Piece = collections.namedtuple('Piece', 'start end file line')
HIDDEN = (0xfeefee, 0xf00f00)
CHECKSUM = {'None': 0, 'MD5': 16, 'SHA-1': 20, 'SHA-256': 32}


class Site:
    __slots__ = ('inlinee', 'raw', 'children', 'pieces')

    def __init__(self, inlinee):
        self.inlinee, self.raw, self.children, self.pieces = inlinee, bytearray(), [], []


def annotations(data):
    """(opcode, operands) of binary annotations, by the encoding of CVCompressData."""
    at = 0

    def number():
        nonlocal at
        first = data[at]
        if first & 0x80 == 0:
            at += 1
            return first
        if first & 0x40 == 0:
            at += 2
            return (first & 0x3f) << 8 | data[at - 1]
        at += 4
        return (first & 0x1f) << 24 | data[at - 3] << 16 | data[at - 2] << 8 | data[at - 1]

    while at < len(data):
        opcode = number()
        if opcode == 0:
            return
        yield (opcode, number(), number()) if opcode == 12 else (opcode, number())


def signed(value):
    return -(value >> 1) if value & 1 else value >> 1


def pieces(raw, start, around, end, file, line, files):
    """The ranges of a site with file and line. A piece without a length ends where the next begins, the last one where the code
    of the site around it ends (neighbouring pieces taken together), else at `end`."""
    found = []  # [start, end or None, file, line]
    offset = base = 0

    def emit(length=None):
        if found and found[-1][1] is None:
            found[-1][1] = start + base + offset
        at = start + base + offset
        found.append([at, None if length is None else at + length, file, line])

    for op, *args in annotations(raw):
        if op == 1:
            offset = args[0]
        elif op == 2:
            base = args[0]
        elif op == 3:
            offset += args[0]
            emit()
        elif op == 4:
            if found and found[-1][1] is None:
                found[-1][1] = found[-1][0] + args[0]
            offset += args[0]
        elif op == 5:
            file = files.get(args[0])
        elif op == 6:
            line += signed(args[0])
        elif op == 11:
            line += signed(args[0] >> 4)
            offset += args[0] & 15
            emit()
        elif op == 12:
            offset += args[1]
            emit(args[0])
    if found and found[-1][1] is None:
        stop = found[-1][0] if around else end
        for piece in around or ():
            stop = piece.end if piece.start <= stop < piece.end else stop
        found[-1][1] = stop
    return [Piece(*p) for p in found if p[1] > p[0]]


def visible(sites):
    """Sites in the order of their records, those inside of sites without lines included."""
    for site in sites:
        if site.pieces:
            yield site
        else:
            yield from visible(site.children)


class Rows:
    """Line rows (start, end, file, line), sorted. A row runs to the next one of its range."""

    def __init__(self, ranges):
        self.rows = []
        for (_, end), rows in ranges:
            rows.sort(key=lambda r: r[0])  # stable: of rows at one address the last one counts
            for (at, line, file), following in zip(rows, rows[1:] + [(end, 0, None)]):
                if following[0] > at:
                    self.rows.append((at, following[0], file, line))
        self.rows.sort(key=lambda r: r[:2])
        self.starts = [r[0] for r in self.rows]

    def within(self, start, end):
        """The rows that begin in a range, and the one before."""
        return self.rows[max(0, bisect.bisect_right(self.starts, start) - 1):bisect.bisect_left(self.starts, end)]

    def at(self, address):
        """(file, line) of the row that covers an address, or None."""
        i = bisect.bisect_right(self.starts, address) - 1
        return self.rows[i][2:] if i >= 0 and address < self.rows[i][1] else None


class Module:
    def __init__(self):
        self.name, self.inlinees, self.files, self.offset, self.procs = '', {}, {}, 0, []
        self.imports, self.exports = [], {}
        self.blocks, self.readings = collections.defaultdict(list), []

    def add_file(self, kind, name):
        self.files[self.offset] = name
        self.offset += (6 + CHECKSUM[kind] + 3) & ~3

    def open_block(self, key, file):
        rows = []
        self.blocks[key].append((file, rows))
        return rows

    def settle(self):
        """A range is printed once for each file. It is printed again when the linker has folded two functions into one: then a
        file comes twice, or two blocks begin where the range does. Each copy is a reading of its own; most modules have one."""
        folded = {key: self.copies(key[0], blocks) for key, blocks in self.blocks.items()}
        most = max(map(len, folded.values()), default=1)
        self.readings = [Rows([(key, copies[min(i, len(copies) - 1)]) for key, copies in folded.items()]) for i in range(most)]

    @staticmethod
    def copies(start, blocks):
        found, files, begun = [], set(), False
        for file, rows in blocks:
            begins = any(at == start for at, _, _ in rows)
            if not found or file in files or (begun and begins):
                found.append([])
                files, begun = set(), False
            found[-1].extend(rows)
            files.add(file)
            begun = begun or begins
        return found


class Dump:
    """A PDB, or one module of it: then the types are left unread, and callees have their bare names."""

    def __init__(self, path, tool='llvm-pdbutil-19', module=None):
        self.sections, self.modules, self.types, self.ids, self.strings, self.names = [], collections.defaultdict(Module), {}, {}, {}, {}
        self.part = self.module = None
        handlers = {'Section Headers': self.headers, 'Files': self.file, 'Symbols': self.symbol, 'Lines': self.row,
                    'Inlinee Lines': self.inlinee, 'Cross Module Exports': self.exported, 'String Table': self.string,
                    'Types (TPI Stream)': self.type, 'Types (IPI Stream)': self.id}
        self.read(handlers, [tool, 'dump', '-section-headers', path])
        self.bare, self.thunks = {}, set()
        if module is None:
            self.read(handlers, [tool, 'dump', '-files', '-symbols', '-l', '-il', '-string-table', '-xme', '-types', '-ids', path])
            self.imports([tool, 'bytes', '--chunks', '--split-chunks', path])
        else:
            self.read(handlers, [tool, 'dump', '-files', '-symbols', '-l', '-il', '-modi=%d' % module, path])
        self.by_name = {m.name: m for m in self.modules.values()}
        for module in self.modules.values():
            module.settle()
            for proc in module.procs:
                for site in proc.sites:
                    self.place(module, site, proc.start, None, proc.start + proc.size)
        self.procs = sorted((p for m in self.modules.values() for p in m.procs), key=lambda p: (p.start, p.size))
        self.starts = [p.start for p in self.procs]
        self.longest = max((p.size for p in self.procs), default=0)

    def read(self, handlers, command):
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, errors='replace')
        handler, previous = None, ''
        for line in process.stdout:
            line = line.rstrip('\n')
            if line.startswith('====='):
                handler, self.module = handlers.get(previous.strip()), None
            elif handler is not None:
                match = re.match(r'\s*Mod (\d+) \| `(.*)`', line)
                if match:
                    self.modules[int(match[1])].name = match[2].lower()
                    self.module, self.file_name, self.block, self.scopes = self.modules[int(match[1])], None, None, []
                    self.pending = None
                else:
                    handler(line)
            previous = line
        if process.wait():
            raise RuntimeError('%s failed' % ' '.join(command))

    def imports(self, command):
        """The imports of each module, from their bytes: the command that prints them shows the first imported module only."""
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, errors='replace')
        module = data = None
        for line in process.stdout:
            match = re.match(r'\s+Mod (\d+) \|', line)
            if match:
                module = self.modules[int(match[1])]
            elif line.strip() == 'xmi (':
                data = bytearray()
            elif data is not None and line.strip() == ')':
                at, end = 8, 8 + struct.unpack_from('<I', data, 4)[0]  # behind the header of the subsection
                while at + 8 <= end:
                    name, count = struct.unpack_from('<II', data, at)
                    module.imports.append((self.names.get(name, '').lower(), struct.unpack_from('<%dI' % count, data, at + 8)))
                    at += 8 + 4 * count
                data = None
            elif data is not None:
                match = re.match(r'\s+[0-9A-F]+: ((?:[0-9A-F]{2,8} ?)+)', line)
                data += bytes.fromhex(match[1])
        if process.wait():
            raise RuntimeError('%s failed' % ' '.join(command))

    def place(self, module, site, base, around, end):
        if site.inlinee in module.inlinees:
            file, line = module.inlinees[site.inlinee]
            site.pieces = pieces(site.raw, base, around, end, file, line, module.files)
        site.inlinee = self.resolve(module, site.inlinee)
        for child in site.children:
            self.place(module, child, base, site.pieces or around, end)

    def resolve(self, module, index):
        """The item of an inlinee: whole-program optimisation refers to the items of other modules."""
        if not index & 0x80000000:
            return index
        where, which = index >> 20 & 0x7ff, index & 0xfffff
        if where < len(module.imports) and which < len(module.imports[where][1]):
            name, ids = module.imports[where]
            if name in self.by_name and ids[which] in self.by_name[name].exports:
                return self.by_name[name].exports[ids[which]]
        return index

    # One handler for each part of the dump.

    def headers(self, line):
        match = re.match(r'\s+([0-9A-F]+) virtual address$', line)
        if match:
            self.sections.append(int(match[1], 16))

    def file(self, line):
        match = re.match(r'- \((\S+): [0-9A-F]*\) (.*)$', line)
        if match:
            self.module.add_file(match[1], match[2])

    def rva(self, section, offset):
        return self.sections[section - 1] + offset if 0 < section <= len(self.sections) else None

    def symbol(self, line):
        if self.module is None:
            return
        match = re.match(r'\s*(\d+) \| (S_\w+) \[size = \d+\](?: `(.*)`)?', line)
        if match:
            kind = match[2]
            self.pending = None
            if kind in ('S_INLINESITE', 'S_INLINESITE2'):
                self.pending = Site(None)
                self.scopes.append(self.pending)
            elif kind in ('S_GPROC32', 'S_LPROC32', 'S_GPROC32_ID', 'S_LPROC32_ID', 'S_LPROC32_DPC', 'S_LPROC32_DPC_ID'):
                self.pending = ['proc', match[3]]
                self.scopes.append('proc')
            elif kind == 'S_THUNK32':
                self.thunks.add(match[3])
                self.scopes.append('scope')
            elif kind in ('S_BLOCK32', 'S_SEPCODE', 'S_WITH32'):
                self.scopes.append('scope')
            elif kind in ('S_END', 'S_PROC_ID_END', 'S_INLINESITE_END'):
                self.scopes.pop()
            return
        if isinstance(self.pending, Site):
            self.annotation(line)
        elif self.pending:
            match = re.match(r'\s+parent = \d+, end = \d+, addr = (\d+):(\d+), code size = (\d+)', line)
            if match:
                start = self.rva(int(match[1]), int(match[2]))
                proc = Proc(self.module, start, int(match[3]), self.pending[1], [], [])
                self.scopes[-1] = proc
                if start is not None:
                    self.module.procs.append(proc)
                self.pending = None

    def annotation(self, line):
        site = self.pending
        match = re.match(r'\s+inlinee = (0x[0-9A-F]+)(?: \((.*)\), parent = )?', line)
        if match:
            site.inlinee = int(match[1], 16)
            self.bare[site.inlinee] = match[2]
            owner = next((s for s in reversed(self.scopes[:-1]) if isinstance(s, (Site, Proc))), None)
            if owner is not None:
                (owner.children if isinstance(owner, Site) else owner.sites).append(site)
            return
        match = re.match(r'\s{11,}((?:[0-9A-F]{2})+)(?:\s|$)', line)
        if match:
            site.raw += bytes.fromhex(match[1])

    def row(self, line):
        if self.module is None or not line.strip():
            return
        match = re.match(r'\s+(\d{4}):([0-9A-F]{8})-([0-9A-F]{8}), line/(?:column/)?addr entries = ', line)
        if match:
            self.section = int(match[1])
            key = self.rva(self.section, int(match[2], 16)), self.rva(self.section, int(match[3], 16))
            self.block = self.module.open_block(key, self.file_name) if key[0] is not None else None
        elif line.startswith('  ') and self.block is not None:
            for number, at in re.findall(r'([0-9A-Z]+)(?::\d+(?:-\d+)?)? ([0-9A-F]{8})', line):
                number = 0 if number in ('ASI', 'NSI') or int(number) in HIDDEN else int(number)
                self.block.append((self.rva(self.section, int(at, 16)), number, self.file_name))
        else:
            match = re.match(r'\s*(\S.*) \((?:no checksum|[\w-]+: [0-9A-F]*)\)$', line)
            if match:
                self.file_name, self.block = match[1], None

    def inlinee(self, line):
        match = re.match(r'\s*(0x[0-9A-F]+) \|\s+(\d+) \| (.*) \((?:no checksum|[\w-]+: [0-9A-F]*)\)$', line)
        if match:
            self.module.inlinees.setdefault(int(match[1], 16), (match[3], int(match[2])))

    def exported(self, line):
        match = re.match(r' *(0x[0-9A-F]+) \| (0x[0-9A-F]+)$', line)
        if match:
            self.module.exports[int(match[1], 16)] = int(match[2], 16)

    def string(self, line):
        match = re.match(r"\s*(\d+) \| '(.*)'$", line)
        if match:
            self.names[int(match[1])] = match[2]

    def type(self, line):
        match = re.match(r'\s*(0x[0-9A-F]+) \| LF_(?:CLASS|STRUCTURE|UNION|INTERFACE|ENUM) \[size = \d+\] `(.*)`$', line)
        if match:
            self.types[int(match[1], 16)] = match[2]

    def id(self, line):
        match = re.match(r'\s*(0x[0-9A-F]+) \| (LF_\w+) \[size = \d+\](?: ID: \S+(?: type>)?, String: (.*))?', line)
        if match:
            self.current = int(match[1], 16), match[2]
            if match[2] == 'LF_STRING_ID':
                self.strings[self.current[0]] = match[3]
            return
        match = re.match(r'\s+name = (.*), type = 0x[0-9A-F]+, (parent scope|class type) = (0x[0-9A-F]+|<no type>)', line)
        if match:
            scope = None if match[3] == '<no type>' else int(match[3], 16)
            self.ids[self.current[0]] = match[1], scope, self.current[1] == 'LF_MFUNC_ID'

    def callee(self, index):
        """(scope or None, name) of an inlined function."""
        if not self.ids:
            return None, self.bare.get(index)
        name, scope, member = self.ids.get(index, (None, None, False))
        return (self.types if member else self.strings).get(scope), name

    # Answers

    def covering(self, address):
        i = bisect.bisect_right(self.starts, address) - 1
        while i >= 0 and self.starts[i] > address - self.longest:
            if address < self.procs[i].start + self.procs[i].size:
                yield self.procs[i]
            i -= 1

    def stacks(self, proc, address):
        """The stack at an address of a procedure, innermost first: (kind, name or id, file, line); one for each reading."""
        for rows in proc.module.readings:
            yield self.stack(proc, rows, address)

    def stack(self, proc, rows, address):
        """A call is where the code around it has its line for the same address. A site without lines of its own is none, and
        the calls in it belong to the code around it."""
        frames, line, sites = [('proc', proc.name)], [rows.at(address)], proc.sites
        while True:
            found = next(((s, p) for s in visible(sites) for p in s.pieces if p.start <= address < p.end), None)
            if found is None:
                return [frame + (where or (None, 0)) for frame, where in zip(frames, line)][::-1]
            site, piece = found
            frames.append(('inline', site.inlinee))
            line.append((piece.file, piece.line))
            sites = site.children

    def named(self, stack):
        return [(name if kind == 'proc' else '::'.join(filter(None, self.callee(name))), file, line) for kind, name, file, line in stack]
