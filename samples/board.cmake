# sample_board(TARGET): what a program needs beyond its own code to run on the emulated boards of
# tests/target: start-up code, a linker script, printf, and the emulator that `ctest` starts it in. Nothing in
# builds for this machine. A product has its vendor's start-up code and linker script in this place.
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release)
endif()

set(SAMPLE_BOARDS ${CMAKE_CURRENT_LIST_DIR}/../tests/target/board)

function(sample_board target)
  if(NOT CMAKE_CROSSCOMPILING)
    return()
  elseif(CMAKE_SYSTEM_PROCESSOR STREQUAL "arm")
    sample_board_arm(${target})
  elseif(CMAKE_SYSTEM_PROCESSOR STREQUAL "avr")
    sample_board_avr(${target})
  else()
    message(FATAL_ERROR "The samples have no board for ${CMAKE_SYSTEM_PROCESSOR}")
  endif()
endfunction()

# Arm MPS2 with the Cortex-M4 image AN386, which also runs code for Cortex-M0+ and M3. Printing and the exit
# code go through semihosting.
function(sample_board_arm target)
  foreach(source start_arm.c start.c semihost.c newlib.c)
    target_sources(${target} PRIVATE ${SAMPLE_BOARDS}/${source})
  endforeach()
  target_link_options(${target} PRIVATE -nostartfiles -L ${SAMPLE_BOARDS} -T mps2.ld)
  set(emulator qemu-system-arm -M mps2-an386 -display none -monitor none -serial none
    -semihosting-config enable=on,target=native -kernel)
  set_target_properties(${target} PROPERTIES SUFFIX .elf CROSSCOMPILING_EMULATOR "${emulator}")
endfunction()

# simavr prints the UART and always exits with 0, so a test has to look at what was printed.
function(sample_board_avr target)
  target_sources(${target} PRIVATE ${SAMPLE_BOARDS}/avr.c)
  set_target_properties(${target} PROPERTIES SUFFIX .elf CROSSCOMPILING_EMULATOR
    "simavr;-m;${NETSUKE_AVR_MCU};-f;16000000")
endfunction()
