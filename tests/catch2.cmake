# netsuke_catch2: Catch2 v2 or v3, whichever this machine has, with v2's header.
include_guard(GLOBAL)
find_package(Catch2 REQUIRED)
add_library(netsuke_catch2 INTERFACE)
target_link_libraries(netsuke_catch2 INTERFACE Catch2::Catch2)
if(Catch2_VERSION VERSION_GREATER_EQUAL 3)
  target_include_directories(netsuke_catch2 INTERFACE ${CMAKE_CURRENT_LIST_DIR}/support/catch3)
endif()
