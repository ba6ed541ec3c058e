# Bare-metal Arm with the GNU tools. The core's own file (cortex-m4.cmake, ...) sets NETSUKE_CPU_FLAGS and
# includes this one; a project for another Cortex-M can do the same.
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR arm)
set(CMAKE_C_COMPILER arm-none-eabi-gcc)
set(CMAKE_CXX_COMPILER arm-none-eabi-g++)
set(CMAKE_ASM_COMPILER arm-none-eabi-gcc)
set(CMAKE_SIZE arm-none-eabi-size)
include(${CMAKE_CURRENT_LIST_DIR}/bare-metal.cmake)
