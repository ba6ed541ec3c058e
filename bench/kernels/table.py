"""Prints name, units of work, executed instructions and their ratio from the counting plugin's log."""
import re
import sys

log = open(sys.argv[1]).read()
names = re.findall(r"^RUN (\S+) macs=(\d+)", log, re.M)
counts = re.findall(r"^CYC \d+ insns=(\d+)", log, re.M)
if not names or len(names) != len(counts):
    sys.exit("incomplete log:\n" + log)
print(f"{'kernel':<18}{'MACs':>10}{'insn':>10}{'insn/MAC':>10}")
for (name, macs), insn in zip(names, counts):
    print(f"{name:<18}{int(macs):>10}{int(insn):>10}{int(insn) / int(macs):>10.3f}")
