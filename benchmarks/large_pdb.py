#!/usr/bin/env python3
"""Writes a large PDB for measurements: many copies of the modules of a small one, each at its own addresses.

    large_pdb.py BASE.pdb OUT.pdb [--size BYTES] [--records BYTES] [--copies-per-module N]

OUT is SIZE bytes long (default 6 GB, blocks of 8192 bytes) and holds about RECORDS bytes (default 600 MB) of symbol and line records,
their blocks spread evenly over the whole length; the rest is a hole of the file system. Each copy of the code lies STRIDE bytes
behind the one before, so that the answer at an address is that of BASE at the address modulo STRIDE. The last line is a JSON object:
bytes, records, copies, stride, first (the address of the first byte of code). BASE must have one section of code.
"""
import argparse
import json
import os
import struct

BLOCK = 8192
PROCEDURES = (0x110f, 0x1110, 0x1146, 0x1147)  # S_LPROC32, S_GPROC32 and the same with items
THUNK, BLOCK32, LABEL, INLINE_SITE = 0x1102, 0x1103, 0x1105, 0x114d
LINES = 0xf2


class Msf:
    """The streams of a small multi-stream file."""

    def __init__(self, path):
        with open(path, 'rb') as f:
            data = f.read()
        size, _, _, directory_bytes, _, root = struct.unpack_from('<6I', data, 32)

        def read(blocks, length):
            return b''.join(data[b * size:(b + 1) * size] for b in blocks)[:length]

        count = -(-directory_bytes // size)
        directory = read(struct.unpack_from('<%dI' % count, data, root * size), directory_bytes)
        streams, = struct.unpack_from('<I', directory)
        lengths = [0 if n == 0xffffffff else n for n in struct.unpack_from('<%dI' % streams, directory, 4)]
        at, self.streams = 4 + 4 * streams, []
        for length in lengths:
            count = -(-length // size)
            self.streams.append(read(struct.unpack_from('<%dI' % count, directory, at), length))
            at += 4 * count


class Writer:
    """Streams written as they come, to blocks that are spread over the file; the two free block maps of each interval stay free."""

    def __init__(self, path, size, expected):
        self.file, self.size, self.lengths, self.blocks = open(path, 'wb'), size, [], []
        self.next, self.step = 3.0, max(1.0, size / BLOCK / (expected / BLOCK + 4096))

    def allocate(self, data):
        number = int(self.next)
        while number % BLOCK in (1, 2):
            number += 1
        self.next = max(self.next + self.step, number + 1)
        self.file.seek(number * BLOCK)
        self.file.write(data)
        return number

    def write(self, data):
        return [self.allocate(data[at:at + BLOCK]) for at in range(0, len(data), BLOCK)]

    def add(self, data):
        self.lengths.append(len(data))
        self.blocks.append(self.write(data))

    def finish(self):
        directory = struct.pack('<I%dI' % len(self.lengths), len(self.lengths), *self.lengths)
        directory += b''.join(struct.pack('<%dI' % len(b), *b) for b in self.blocks)
        self.step = 1.0
        numbers = self.write(directory)
        assert len(numbers) * 4 <= BLOCK
        root = self.allocate(struct.pack('<%dI' % len(numbers), *numbers))
        blocks = max(self.size // BLOCK, root + 1)
        self.file.seek(0)
        self.file.write(b'Microsoft C/C++ MSF 7.00\r\n\x1aDS\0\0\0' + struct.pack('<6I', BLOCK, 1, blocks, len(directory), 0, root))
        self.file.truncate(blocks * BLOCK)
        self.file.close()
        return blocks * BLOCK


def shifted(symbols, position, code):
    """The records of a module's symbols, moved in the stream and in the code."""
    out, at = bytearray(symbols), 0
    while at + 4 <= len(out):
        length, kind = struct.unpack_from('<HH', out, at)

        def add(offset, value):
            old, = struct.unpack_from('<I', out, at + offset)
            if old or value == code:
                struct.pack_into('<I', out, at + offset, old + value)

        if kind in PROCEDURES:
            for field in (4, 8, 12):
                add(field, position)
            add(32, code)
        elif kind == THUNK:
            for field in (4, 8, 12):
                add(field, position)
            add(16, code)
        elif kind == BLOCK32:
            for field in (4, 8):
                add(field, position)
            add(16, code)
        elif kind == INLINE_SITE:
            for field in (4, 8):
                add(field, position)
        elif kind == LABEL:
            add(4, code)
        at += 2 + length
    return bytes(out)


class Module:
    """A module of the base: its entry, its symbols, its lines, and what its lines refer to."""

    def __init__(self, entry, stream):
        self.entry = entry
        symbol_bytes, old_lines, lines = struct.unpack_from('<III', entry, 36)
        assert old_lines == 0
        self.symbols, self.lines, self.rest = stream[4:symbol_bytes], [], []
        at, end = symbol_bytes, symbol_bytes + lines
        while at < end:
            kind, length = struct.unpack_from('<II', stream, at)
            (self.lines if kind == LINES else self.rest).append(stream[at:at + 8 + length])
            at += 8 + length

    def copies(self, shifts):
        """The stream of a module with several copies, and the bytes of its two parts."""
        symbols = bytearray(struct.pack('<I', 4))  # CV_SIGNATURE_C13
        for code in shifts:
            symbols += shifted(self.symbols, len(symbols) - 4, code)
        rest = bytearray()
        for code in shifts:
            for lines in self.lines:
                moved = bytearray(lines)
                struct.pack_into('<I', moved, 8, struct.unpack_from('<I', lines, 8)[0] + code)
                rest += moved
        rest += b''.join(self.rest)
        return bytes(symbols + rest + bytes(4)), len(symbols), len(rest)


def modules(dbi, streams):
    size, at = struct.unpack_from('<I', dbi, 24)[0] + 64, 64
    while at < size:
        end = at + 64
        for _ in range(2):
            end = dbi.index(b'\0', end) + 1
        end = (end + 3) & ~3
        number, = struct.unpack_from('<H', dbi, at + 34)
        if number != 0xffff:
            module = Module(dbi[at:end], streams[number])
            if module.lines:
                yield module
        at = end


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument('base')
    ap.add_argument('out')
    ap.add_argument('--size', type=int, default=6_000_000_000)
    ap.add_argument('--records', type=int, default=600_000_000)
    ap.add_argument('--copies-per-module', type=int, default=8)
    a = ap.parse_args()
    base = Msf(a.base).streams
    dbi = bytearray(base[3])
    parts = list(struct.unpack_from('<9I', dbi, 24))  # sizes; the sixth is the number of a stream, the last two are the debug header and names
    found = list(modules(dbi, base))
    weight = sum(len(m.symbols) + sum(map(len, m.lines)) for m in found)
    groups = max(1, a.records // (weight * a.copies_per_module))

    # Sections: the first grows, the others move behind it.
    sizes = dict(zip(('modules', 'contributions', 'map', 'files', 'types'), parts[:5]))
    header_at = 64 + sum(sizes.values()) + parts[7]
    sections_stream, = struct.unpack_from('<H', dbi, header_at + 5 * 2)
    sections = bytearray(base[sections_stream])
    code_size, first = struct.unpack_from('<II', sections, 8)
    stride = (code_size + 0xffff) & ~0xffff
    total = stride * groups * a.copies_per_module
    assert total + first < 0xf0000000
    struct.pack_into('<I', sections, 8, total)
    for at in range(40, len(sections), 40):
        old, = struct.unpack_from('<I', sections, at + 12)
        struct.pack_into('<I', sections, at + 12, old + total)

    writer, entries, contributions = Writer(a.out, a.size, a.records), bytearray(), bytearray(struct.pack('<I', 0xeffe0000 + 19970605))
    kept = {i: s for i, s in enumerate(base)}
    kept[sections_stream] = bytes(sections)
    place = 3  # the module list is known at the end, its stream is written then
    for number in range(len(base)):
        writer.add(b'' if number == place else kept[number])
    for group in range(groups):
        shifts = [stride * (group * a.copies_per_module + i) for i in range(a.copies_per_module)]
        for module in found:
            stream, symbol_bytes, line_bytes = module.copies(shifts)
            entry = bytearray(module.entry)
            section, _, offset, _ = struct.unpack_from('<HHII', entry, 4)
            struct.pack_into('<II', entry, 8, offset + shifts[0], stride * (a.copies_per_module - 1) + code_size - offset)
            struct.pack_into('<H', entry, 34, len(writer.lengths))
            struct.pack_into('<III', entry, 36, symbol_bytes, 0, line_bytes)
            assert len(writer.lengths) < 0xffff  # numbers of streams have 16 bits
            struct.pack_into('<H', entry, 20, (len(writer.lengths) - len(base)) & 0xffff)
            entries += entry
            contributions += entry[4:32]
            writer.add(stream)
    count = groups * len(found)
    files = struct.pack('<HH', count & 0xffff, 0) + bytes(4 * count)
    rebuilt = [bytes(entries), bytes(contributions), None, files, None]
    at, body = 64, []
    for i, size in enumerate(parts[:5]):
        body.append(rebuilt[i] if rebuilt[i] is not None else bytes(dbi[at:at + size]))
        at += size
    tail = bytes(dbi[at:])
    for i, part in enumerate(body):
        struct.pack_into('<I', dbi, 24 + 4 * i, len(part))
    data = bytes(dbi[:64]) + b''.join(body) + tail
    writer.lengths[place], writer.blocks[place] = len(data), writer.write(data)
    length = writer.finish()
    print(json.dumps({'bytes': length, 'records': sum(writer.lengths), 'modules': count, 'copies': groups * a.copies_per_module,
                      'stride': stride, 'first': first, 'code': code_size, 'allocated': os.stat(a.out).st_blocks * 512}))


if __name__ == '__main__':
    main()
