// From reset to main() on the emulated boards; C part shared by Arm and RISC-V.
#include <stdint.h>
#include <stdlib.h>

#include "semihost.h"

// Word bounds set by sections.ld.
extern const uint32_t __data_load[];
extern uint32_t __data_start[], __data_end[], __bss_start[], __bss_end[];

int main(void);
__attribute__((noreturn)) void start_program(void);

void start_program(void) {
  const uint32_t* from = __data_load;
  for (uint32_t* to = __data_start; to != __data_end; ++to) *to = *from++;
  for (uint32_t* to = __bss_start; to != __bss_end; ++to) *to = 0;
  exit(main());
}
