# RV32IMC with Debian's picolibc, no FPU.
set(NETSUKE_CPU_FLAGS "-march=rv32imc -mabi=ilp32 --specs=picolibc.specs")
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR riscv32)
set(CMAKE_C_COMPILER riscv64-unknown-elf-gcc)
set(CMAKE_CXX_COMPILER riscv64-unknown-elf-g++)
set(CMAKE_ASM_COMPILER riscv64-unknown-elf-gcc)
set(CMAKE_SIZE riscv64-unknown-elf-size)
include(${CMAKE_CURRENT_LIST_DIR}/bare-metal.cmake)
