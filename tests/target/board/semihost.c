#include "semihost.h"

#include <stdint.h>
#include <string.h>

enum {
  kSysWrite0 = 0x04,
  kSysExitExtended = 0x20,
  kStoppedApplicationExit = 0x20026,
};

static intptr_t semihost_call(int operation, const void* argument) {
#if defined(__arm__)
  register intptr_t r0 __asm__("r0") = operation;
  register const void* r1 __asm__("r1") = argument;
  __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
  return r0;
#else
  register intptr_t a0 __asm__("a0") = operation;
  register const void* a1 __asm__("a1") = argument;
  // Exactly these three uncompressed instructions, in one page, are the call.
  __asm__ volatile(
      ".option push\n"
      ".option norvc\n"
      ".balign 16\n"
      "slli x0, x0, 0x1f\n"
      "ebreak\n"
      "srai x0, x0, 7\n"
      ".option pop\n"
      : "+r"(a0)
      : "r"(a1)
      : "memory");
  return a0;
#endif
}

void semihost_write(const char* text, size_t size) {
  char piece[65];
  while (size > 0) {
    const size_t n = size < sizeof piece - 1 ? size : sizeof piece - 1;
    memcpy(piece, text, n);
    piece[n] = '\0';
    semihost_call(kSysWrite0, piece);
    text += n;
    size -= n;
  }
}

void semihost_exit(int code) {
  const intptr_t block[2] = {kStoppedApplicationExit, code};
  for (;;) semihost_call(kSysExitExtended, block);
}

static void write_hex(unsigned long value) {
  char digits[2 * sizeof value];
  for (size_t i = sizeof digits; i-- > 0; value >>= 4) digits[i] = "0123456789abcdef"[value & 15];
  semihost_write(digits, sizeof digits);
}

void semihost_fault(unsigned long exception, unsigned long pc) {
  static const char kName[] = "netsuke-fault: exception 0x";
  static const char kAt[] = " at 0x";
  semihost_write(kName, sizeof kName - 1);
  write_hex(exception);
  semihost_write(kAt, sizeof kAt - 1);
  write_hex(pc);
  semihost_write("\n", 1);
  semihost_exit(kExitFault);
}
