"""table.py CONSOLE COUNTS: name, multiply-accumulates, instructions or cycles and their ratio, result, per case."""
import re
import sys

cases = re.findall(r"^case (\S+) macs=(\d+) (\S+)", open(sys.argv[1]).read(), re.M)
counts = re.findall(r"^netsuke-(?:insns|cycles): (\d+)", open(sys.argv[2]).read(), re.M)
if not cases or len(cases) != len(counts):
    sys.exit(f"incomplete: {len(cases)} cases, {len(counts)} counts")
print(f"{'case':<22}{'MACs':>9}{'count':>11}{'per MAC':>9}  result")
for (name, macs, result), count in zip(cases, counts):
    print(f"{name:<22}{int(macs):>9,}{int(count):>11,}{int(count) / int(macs):>9.3f}  {result}")
