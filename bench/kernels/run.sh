#!/usr/bin/env bash
# run.sh [-O2|-O3] : executed instructions per multiply-accumulate (or per input, for pools and softmax) of each
# float kernel on Cortex-M4F in QEMU, counted by the plugin of ../shared/kernel-study.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$here/../..
opt=${1:--O2}
study=${KERNEL_STUDY:-$(git -C "$root" rev-parse --path-format=absolute --git-common-dir)/../../shared/kernel-study}
if [ ! -d "$study" ]; then
  echo "skipped: $study is absent"
  exit 0
fi
out=${OUT:-$(mktemp -d)}
mkdir -p "$out"
gcc -O2 -fPIC -shared -w -fvisibility=hidden -o "$out/cyc.so" "$study/cyc.c"
cpu="-mthumb -mcpu=cortex-m4 -mfloat-abi=hard -mfpu=fpv4-sp-d16"
arm-none-eabi-gcc $cpu -O2 -c "$study/board/boot.c" -o "$out/boot.o"
arm-none-eabi-g++ $cpu -std=c++11 "$opt" --specs=rdimon.specs -nostartfiles -ffunction-sections -fdata-sections \
  -Wl,--gc-sections -fno-exceptions -fno-rtti -T "$study/board/link.ld" -I"$study" -I"$root/runtime-stub" \
  "$out/boot.o" "$here/kernels.cpp" -o "$out/kernels.elf"
timeout 300 qemu-system-arm -M mps2-an386 -nographic -monitor none -serial none -semihosting \
  -plugin "$out/cyc.so" -kernel "$out/kernels.elf" >"$out/log" 2>&1 || { cat "$out/log"; exit 1; }
python3 "$here/table.py" "$out/log"
