// Semihosting: how code in the emulator talks to the machine outside. The Arm and RISC-V protocols share
// their operation numbers (Arm, "Semihosting for AArch32 and AArch64", and the RISC-V semihosting text).
#ifndef NETSUKE_TARGET_SEMIHOST_H
#define NETSUKE_TARGET_SEMIHOST_H

#include <stddef.h>

enum {
  kExitFault = 99  // the exit code of a program that died; `run` tells it from a failed test
};

// Prints `size` bytes; they need no terminating zero.
void semihost_write(const char* text, size_t size);

__attribute__((noreturn)) void semihost_exit(int code);

// Says which exception hit at which instruction, and ends the emulation with kExitFault.
__attribute__((noreturn)) void semihost_fault(unsigned long exception, unsigned long pc);

#endif  // NETSUKE_TARGET_SEMIHOST_H
