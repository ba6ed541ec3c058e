# Netsuke inside a cross build (add_subdirectory or FetchContent): the program has to run on the machine that
# builds, so it is built by a build of its own, with that machine's compiler, before the first model needs it.
include(ExternalProject)

set(NETSUKE_HOST_CXX "" CACHE FILEPATH "C++20 compiler for the program netsuke itself; empty: CMake's choice")
set(NETSUKE_HOST_BUILD_TYPE Release CACHE STRING "CMAKE_BUILD_TYPE of the program netsuke itself")
set(host_options -DCMAKE_BUILD_TYPE=${NETSUKE_HOST_BUILD_TYPE} -DNETSUKE_TESTS=OFF)
if(NETSUKE_HOST_CXX)
  list(APPEND host_options -DCMAKE_CXX_COMPILER=${NETSUKE_HOST_CXX})
endif()
if(CMAKE_MAKE_PROGRAM)
  list(APPEND host_options -DCMAKE_MAKE_PROGRAM=${CMAKE_MAKE_PROGRAM})
endif()

# What a shell set up for the target must not reach the host's compiler.
set(clean_environment ${CMAKE_COMMAND} -E env)
foreach(variable IN ITEMS CC CXX CFLAGS CXXFLAGS CPPFLAGS LDFLAGS CMAKE_TOOLCHAIN_FILE)
  list(APPEND clean_environment --unset=${variable})
endforeach()

set(host_dir ${PROJECT_BINARY_DIR}/host)
set(host_program ${host_dir}/netsuke${CMAKE_HOST_EXECUTABLE_SUFFIX})
if(CMAKE_HOST_WIN32)
  set(host_program ${host_dir}/netsuke.exe)
endif()
# BUILD_ALWAYS: an edited source has to reach the program; a build with nothing to do takes no time.
ExternalProject_Add(netsuke_host_tool
  PREFIX ${PROJECT_BINARY_DIR}/host-tool
  SOURCE_DIR ${PROJECT_SOURCE_DIR}
  BINARY_DIR ${host_dir}
  CONFIGURE_COMMAND ${clean_environment} ${CMAKE_COMMAND} -S <SOURCE_DIR> -B <BINARY_DIR> -G ${CMAKE_GENERATOR}
                    ${host_options}
  BUILD_COMMAND ${clean_environment} ${CMAKE_COMMAND} --build <BINARY_DIR> --target netsuke
  BUILD_ALWAYS ON
  BUILD_BYPRODUCTS ${host_program}
  INSTALL_COMMAND "")

add_executable(Netsuke::netsuke IMPORTED GLOBAL)
set_target_properties(Netsuke::netsuke PROPERTIES IMPORTED_LOCATION ${host_program})
add_dependencies(Netsuke::netsuke netsuke_host_tool)
