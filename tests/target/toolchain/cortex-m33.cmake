# Cortex-M33: Armv8-M mainline with the DSP extension and a single-precision FPU.
set(NETSUKE_CPU_FLAGS "-mcpu=cortex-m33 -mthumb -mfloat-abi=hard -mfpu=fpv5-sp-d16")
include(${CMAKE_CURRENT_LIST_DIR}/arm-none-eabi.cmake)
