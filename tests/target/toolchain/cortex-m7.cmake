# Cortex-M7: Armv7E-M with the DSP extension and a double-precision FPU.
set(NETSUKE_CPU_FLAGS "-mcpu=cortex-m7 -mthumb -mfloat-abi=hard -mfpu=fpv5-d16")
include(${CMAKE_CURRENT_LIST_DIR}/arm-none-eabi.cmake)
