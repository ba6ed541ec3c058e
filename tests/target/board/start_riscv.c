// Reset and traps of RISC-V (machine mode only). QEMU's `virt` with -bios none jumps to the start of its RAM,
// where sections.ld puts .vectors.
void reset_handler(void);
void trap_handler(void);

// The CSR instructions need an extension that generated code does without, so it is named only here.
__attribute__((naked, used, section(".vectors"))) void reset_handler(void) {
  __asm__ volatile(
      ".option push\n"
      ".option norelax\n"
      ".option arch, +zicsr\n"
      "la gp, __global_pointer$\n"
      "la sp, __stack_top\n"
      "la tp, __tls_base\n"
      "la t0, trap_handler\n"
      "csrw mtvec, t0\n"
      ".option pop\n"
      "j start_program\n");
}

// The stack may be what broke: start a fresh one, nothing returns from here. The two low bits of mtvec select
// its mode, hence the alignment.
__attribute__((naked, used, aligned(4))) void trap_handler(void) {
  __asm__ volatile(
      ".option push\n"
      ".option arch, +zicsr\n"
      "la sp, __stack_top\n"
      "csrr a0, mcause\n"
      "csrr a1, mepc\n"
      ".option pop\n"
      "j semihost_fault\n");
}
