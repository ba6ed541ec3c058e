# What every toolchain file here shares, after it has set NETSUKE_CPU_FLAGS and the compilers.
if(NOT NETSUKE_CPU_FLAGS)
  message(FATAL_ERROR "NETSUKE_CPU_FLAGS is not set: use a core's toolchain file, such as cortex-m4.cmake")
endif()

set(CMAKE_C_FLAGS_INIT "${NETSUKE_CPU_FLAGS} -ffunction-sections -fdata-sections")
set(CMAKE_CXX_FLAGS_INIT "${CMAKE_C_FLAGS_INIT} -fno-exceptions -fno-rtti -fno-threadsafe-statics")
set(CMAKE_ASM_FLAGS_INIT "${NETSUKE_CPU_FLAGS}")
set(CMAKE_EXE_LINKER_FLAGS_INIT "-Wl,--gc-sections")

# A program needs the board's linker script, which CMake's compiler check does not have.
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)

# Programs (netsuke itself) come from the host, libraries and headers never do. Packages may: Netsuke's CMake
# files are found where the host has them.
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE BOTH)
