# Cortex-M55: Armv8.1-M with Helium (integer and float vectors).
set(NETSUKE_CPU_FLAGS "-mcpu=cortex-m55 -mthumb -mfloat-abi=hard")
include(${CMAKE_CURRENT_LIST_DIR}/arm-none-eabi.cmake)
