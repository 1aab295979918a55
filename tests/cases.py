#!/usr/bin/env python3
"""Runs the acceptance cases of one area: cases.py CASES-FOLDER AREA

Ends with the totals that check.py prints. Exit status 0: every case that must pass does, but for those of
tests/refused-cases.txt, which state wrong answers; each of these must still differ, so that the list cannot go stale.
"""
import json
import pathlib
import subprocess
import sys


def refused(area):
    """Ids that are refused in an area. Lines: AREA ID; the reason stands in comments above them."""
    lines = (pathlib.Path(__file__).parent / 'refused-cases.txt').read_text().splitlines()
    fields = (line.split() for line in lines if line and not line.startswith('#'))
    return {case for where, case in fields if where == area}


def main():
    folder, area = sys.argv[1:]
    run = subprocess.run([sys.executable, folder + '/check.py', '--area', area, '--json', '--verbose', str(10 ** 6)],
                         stdout=subprocess.PIPE, text=True)
    if run.returncode not in (0, 1):
        return run.returncode
    answer = json.loads(run.stdout)
    failures = answer['failures']
    failed = {f['id'] for f in failures if f['tier'] == 'MUST'}
    known = refused(area)
    for f in failures:
        print('%s %s [%s %s] %s %s' % ('refused' if f['id'] in known else 'FAILED', f['id'], f['kind'], f['tier'],
                                       f['fixture'], json.dumps(f['ask'])))
    for case in sorted(known - failed):
        print('listed as refused, but passes or is gone: %s' % case)
    totals = answer['totals']
    note = ' (%d refused: tests/refused-cases.txt)' % len(known) if known else ''
    print('%d passed, %d failed, %d skipped%s' % (totals['passed'], totals['failed'], totals['skipped'], note))
    return 0 if failed == known else 1


if __name__ == '__main__':
    sys.exit(main())
