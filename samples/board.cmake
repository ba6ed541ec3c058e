# sample_board(TARGET): what a program needs beyond its own code to run on an emulated board: start-up code, a
# linker script, printf, and the emulator that `ctest` starts it in, all from tests/target. Nothing in builds
# for this machine. A product has its vendor's start-up code and linker script in this place.
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release)
endif()

set(SAMPLE_TESTS ${CMAKE_CURRENT_LIST_DIR}/../tests/target)
if(CMAKE_CROSSCOMPILING)
  include(${SAMPLE_TESTS}/board/board.cmake)
  # The board with the core of the toolchain file; see tests/target/emulate for the others.
  if(CMAKE_SYSTEM_PROCESSOR STREQUAL "avr")
    set(SAMPLE_MACHINE ${NETSUKE_AVR_MCU} CACHE STRING "The emulated board")
  else()
    set(SAMPLE_MACHINE mps2-an386 CACHE STRING "The emulated board, by default one with a Cortex-M4")
  endif()
endif()

function(sample_board target)
  if(CMAKE_CROSSCOMPILING)
    netsuke_use_board(${target} ${SAMPLE_MACHINE})
    set(emulator ${SAMPLE_TESTS}/emulate ${SAMPLE_MACHINE})
    set_target_properties(${target} PROPERTIES SUFFIX .elf CROSSCOMPILING_EMULATOR "${emulator}")
  endif()
endfunction()
