# Cortex-M4F: Armv7E-M with the DSP extension and a single-precision FPU.
set(NETSUKE_CPU_FLAGS "-mcpu=cortex-m4 -mthumb -mfloat-abi=hard -mfpu=fpv4-sp-d16")
include(${CMAKE_CURRENT_LIST_DIR}/arm-none-eabi.cmake)
