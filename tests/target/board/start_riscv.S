# Reset and traps of RISC-V (machine mode only). QEMU's `virt` with -bios none jumps to the start of its RAM.
  .option arch, +zicsr  # the CSR instructions, which no generated code uses
  .section .vectors, "ax"
  .globl reset_handler
reset_handler:
  .option push
  .option norelax
  la gp, __global_pointer$
  .option pop
  la sp, __stack_top
  la tp, __tls_base
  la t0, trap_handler
  csrw mtvec, t0
  j start_program

  .balign 4
trap_handler:
  # The stack may be what broke: start a fresh one, nothing returns from here.
  la sp, __stack_top
  csrr a0, mcause
  csrr a1, mepc
  j semihost_fault
