"""Every arm64 unwind record as llvm-readobj prints it: unwind-records.py [--markdown] IMAGE...

Length of the function, and the rules that its prolog leaves behind (CFA, return address, saved registers), computed from the
printed instructions, must be what our tool's `unwind` prints. Frames that hardware or the system pushes are compared in
their length alone. Exit status 1 when a record differs."""
import argparse
import json
import os
import re
import subprocess
import sys

CLI = ['dotnet', 'artifacts/bin/Symbolicator.Cli/release/Symbolicator.Cli.dll']
PUSHED = ('machine frame', 'context', 'trap frame', 'EC context', 'clear unwound to call')


class Body:
    """The frame that a prolog builds, from the last instruction back to the first."""

    def __init__(self):
        self.base, self.offset = 'sp', 0
        self.saved, self.next = {}, 0

    def undo(self, text):
        text = text.replace('fp', 'x29').replace('x30', 'lr')
        number = re.search(r'#(-?\d+)', text)
        number = int(number.group(1)) if number else 0
        if text in ('nop', 'pacibsp', 'end_c'):
            return
        if text == 'save next':
            self.next += 1
        elif text == 'INVALID!':        # x19 and lr alone: Visual C++ writes it, LLVM does not know it
            self.store(['x19', 'lr'], 0)
            self.offset += 16
        elif text.startswith('sub sp'):
            self.offset += number
        elif text.startswith(('mov x29', 'add x29')):
            self.base, self.offset = 'x29', -number
        else:
            registers = re.match(r'st[rp] (\w+)(?:, (\w+))?, \[', text)
            if not registers:
                raise ValueError(text)
            lowers = text.endswith('!')
            self.store([r for r in registers.groups() if r], 0 if lowers else number)
            self.offset -= number if lowers else 0

    def store(self, registers, offset):
        for pair in range(self.next + 1):
            for i, register in enumerate(registers):
                name = register if pair == 0 else register[0] + str(int(register[1:]) + 2 * pair)
                if name == 'lr' or name[0] == 'x' and 19 <= int(name[1:]) <= 29:
                    self.saved[name] = self.base, self.offset + offset + 16 * pair + 8 * i
        self.next = 0

    def rules(self):
        rules = {'.cfa': '%s %d +' % (self.base, self.offset)}
        for name, (base, offset) in self.saved.items():
            rule = '.cfa %d + ^' % (offset - self.offset) if base == self.base else '%s %d + ^' % (base, offset)
            rules['.ra' if name == 'lr' else name] = rule
        rules.setdefault('.ra', 'x30')
        return rules


def records(path):
    """Start, length and rules of each record; no rules where the prolog is not alone."""
    text = subprocess.run(['llvm-readobj-19', '--file-headers', '--unwind', path], check=True, capture_output=True, text=True).stdout
    base = int(re.search(r'ImageBase: (\w+)', text).group(1), 0)
    for record in text.split('\n  RuntimeFunction {\n')[1:]:
        start = int(re.search(r'Function: (?:\S+ \()?0x([0-9A-F]+)', record).group(1), 16) - base
        lines = re.search(r'Prologue \[\n(.*?)\n\s*\]', record, re.S).group(1).split('\n')
        body, rules = Body(), None
        codes = [re.sub(r'^0x\w+\s+; ', '', line.strip()) for line in lines]
        if not set(codes) & set(PUSHED):
            for code in codes[:codes.index('end')]:
                body.undo(code)
            rules = body.rules()
        yield start, int(re.search(r'FunctionLength: (\d+)', record).group(1)), rules


def compare(path):
    want = {start: (length, rules) for start, length, rules in records(path)}
    answers = subprocess.run(CLI + ['unwind', '--json', path], input=''.join('%#x\n' % a for a in want), check=True,
                             capture_output=True, text=True).stdout.split('\n')[:-1]
    wrong = 0
    for line in answers:
        told = json.loads(line)
        start = int(told['addr'], 0)
        length, rules = want.pop(start)
        if 'start' in told and (int(told['start'], 0), int(told['size'], 0)) == (start, length) and rules in (None, told['init']):
            continue
        if rules is None and 'start' not in told:
            continue        # a context has no words in this notation
        wrong += 1
        if wrong < 6:
            print('%s 0x%x: %s, not %s of %d bytes' % (os.path.basename(path), start, line, rules, length), file=sys.stderr)
    return len(answers), wrong + len(want)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--markdown', action='store_true')
    parser.add_argument('images', nargs='+')
    options = parser.parse_args()
    if options.markdown:
        print('| image | records | differ |')
        print('| --- | --: | --: |')
    total = failed = 0
    for path in options.images:
        count, wrong = compare(path)
        total, failed = total + count, failed + wrong
        print(('| %s | %d | %d |' if options.markdown else '%s: %d records, %d differ') % (os.path.basename(path), count, wrong))
    print('%s%d records, %d differ' % ('\n' * options.markdown, total, failed))
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
