#!/usr/bin/env python3
"""Writes the tables of Windows codes beside itself from the public headers of mingw-w64 and Wine (names and values only).

    codes.py [FOLDER...]    folders with ntstatus.h, winerror.h, corerror.h and winnt.h; where two headers give a value
                            different names, the first folder wins, in it the first line

Each table is a text with one "VALUE NAME" a line, eight hexadecimal digits, sorted: the reader searches it in place.
"""
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
FOLDERS = ['/usr/share/mingw-w64/include', '/usr/include/wine/wine/windows']  # Debian: mingw-w64-common, libwine-dev

DEFINE = re.compile(r'^#\s*define\s+([A-Za-z_][A-Za-z0-9_]*)\s+(.+?)\s*(?:/\*.*)?$')
VALUES = (
    (re.compile(r'^\(?\(?(?:NTSTATUS|HRESULT|DWORD|SCODE)\)\s*(0x[0-9A-Fa-f]+)L?\)?$'), 0),
    (re.compile(r'^(?:_HRESULT_TYPEDEF_|_NDIS_ERROR_TYPEDEF_|__MSABI_LONG)\((0x[0-9A-Fa-f]+|[0-9]+)L?\)$'), 0),
    (re.compile(r'^\(\(HRESULT\)__MSABI_LONG\((0x[0-9A-Fa-f]+)\)\)$'), 0),
    (re.compile(r'^\(WSABASEERR\s*\+\s*([0-9]+)\)$'), 10000),
    (re.compile(r'^EMAKEHR\((0x[0-9A-Fa-f]+)\)$'), 0x80130000),
    (re.compile(r'^(0x[0-9A-Fa-f]+|[0-9]+)L?$'), 0),
)
# Marks of ranges and masks, which name no condition.
NOT_A_CODE = re.compile(r'^(FACILITY|SEVERITY|STATUS_SEVERITY)_|_(BASE|FIRST|LAST|MASK|RESPONSE_CODES_BASE)$|^WSABASEERR$|^_|^MAXIMUM_')

TABLES = {
    'ntstatus.txt': ({'ntstatus.h': r'^(STATUS|DBG|RPC_NT|EPT_NT)_', 'winnt.h': r'^(STATUS|DBG)_'}, range(0, 1 << 32)),
    'win32.txt': ({'winerror.h': r'.'}, range(0, 1 << 16)),
    'hresult.txt': ({'winerror.h': r'.', 'corerror.h': r'^[A-Z]+_E_'}, range(1 << 16, 1 << 32)),
    'fast-fail.txt': ({'winnt.h': r'^FAST_FAIL_'}, range(0, 1 << 32)),
}


def value_of(text):
    for pattern, base in VALUES:
        match = pattern.match(text)
        if match:
            return base + int(match[1], 0)
    return None


def table(headers, domain, folders):
    names = {}
    for folder in folders:
        for header, wanted in headers.items():
            path = os.path.join(folder, header)
            if not os.path.exists(path):
                continue
            with open(path, encoding='latin-1') as lines:
                for line in lines:
                    match = DEFINE.match(line)
                    if match and re.match(wanted, match[1]) and not NOT_A_CODE.search(match[1]):
                        value = value_of(match[2])
                        if value is not None and value in domain:
                            names.setdefault(value, match[1])
    return names


def main():
    folders = sys.argv[1:] or FOLDERS
    for name, (headers, domain) in TABLES.items():
        names = table(headers, domain, folders)
        with open(os.path.join(HERE, name), 'w', encoding='ascii', newline='\n') as out:
            out.writelines(f'{value:08x} {names[value]}\n' for value in sorted(names))
        print(f'{name}: {len(names)} codes')


main()
