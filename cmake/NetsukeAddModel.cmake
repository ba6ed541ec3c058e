# netsuke_add_model(): an ONNX model becomes a static library of the firmware project. See docs/cmake.md.
#
#   netsuke_add_model(<library>
#     MODEL <file.onnx>             the model; relative to the current source directory
#     [TARGET <target>]             what the code is for, such as cortex-m4; default generic
#     [NAME <identifier>]           prefix of symbols and files; default: <library>
#     [RAM_BUDGET <bytes>]          refuse a larger arena, e.g. 64K
#     [FLASH_BUDGET <bytes>]        refuse more weights, e.g. 256K
#     [SHAPES <input=1,3,96,96>...] sizes of inputs that the model leaves open
#     [TEST_DATA <folder>]          also <library>_test, a program that checks these test vectors
#     [OPTIONS <option>...])        more options of `netsuke compile`
#
# The generated files are in <current binary directory>/<library>.netsuke, the library's PUBLIC include path.
if(CMAKE_VERSION VERSION_LESS 3.20)
  message(FATAL_ERROR "netsuke_add_model() needs CMake 3.20 or newer; this is ${CMAKE_VERSION}.")
endif()

# Functions keep the policies that are set where they are defined, whatever the calling project has.
cmake_policy(PUSH)
cmake_policy(VERSION 3.20...3.25)

function(netsuke_add_model library)
  set(what "netsuke_add_model(${library})")
  set(single MODEL TARGET NAME RAM_BUDGET FLASH_BUDGET TEST_DATA)
  set(several SHAPES OPTIONS)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "${single}" "${several}")
  list(JOIN single ", " known)
  if(arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "${what} does not understand: ${arg_UNPARSED_ARGUMENTS}. It takes ${known}, SHAPES, OPTIONS.")
  endif()
  if(arg_KEYWORDS_MISSING_VALUES)
    message(FATAL_ERROR "${what}: no value after ${arg_KEYWORDS_MISSING_VALUES}.")
  endif()
  if(TARGET ${library})
    message(FATAL_ERROR "${what}: there is already a target of this name.")
  endif()
  netsuke_check_project("${what}")
  netsuke_model_path(model "${arg_MODEL}" "${what}")
  if(NOT arg_NAME)
    set(arg_NAME ${library})
  endif()
  if(NOT arg_NAME MATCHES "^[A-Za-z_][A-Za-z0-9_]*$")
    message(FATAL_ERROR "${what}: '${arg_NAME}' cannot be the prefix of C symbols. Give another with NAME.")
  endif()
  if(NOT arg_TARGET)
    set(arg_TARGET generic)
  endif()

  set(dir ${CMAKE_CURRENT_BINARY_DIR}/${library}.netsuke)
  set(options --name ${arg_NAME} --target ${arg_TARGET} --quiet)
  if(arg_RAM_BUDGET)
    list(APPEND options --ram-budget ${arg_RAM_BUDGET})
  endif()
  if(arg_FLASH_BUDGET)
    list(APPEND options --flash-budget ${arg_FLASH_BUDGET})
  endif()
  foreach(shape IN LISTS arg_SHAPES)
    list(APPEND options --shape ${shape})
  endforeach()
  set(sources ${dir}/${arg_NAME}.cpp ${dir}/${arg_NAME}_weights.cpp)
  set(test_source "")
  if(arg_TEST_DATA)
    get_filename_component(test_data "${arg_TEST_DATA}" ABSOLUTE)
    if(NOT IS_DIRECTORY ${test_data})
      message(FATAL_ERROR "${what}: there is no folder ${test_data} for TEST_DATA.")
    endif()
    list(APPEND options --with-test ${test_data})
    set(test_source ${dir}/${arg_NAME}_test_main.cpp)
  endif()

  # netsuke leaves files alone that would not change, so that their objects need not be compiled again. The
  # stamp is what tells that it ran: it is the output, and the files whose time stamps may stay old are not.
  set(stamp ${dir}/${arg_NAME}.stamp)
  file(RELATIVE_PATH shown ${CMAKE_SOURCE_DIR} ${model})
  add_custom_command(
    OUTPUT ${stamp}
    BYPRODUCTS ${sources} ${test_source}
    COMMAND Netsuke::netsuke compile ${model} -o ${dir} ${options} ${arg_OPTIONS}
            --depfile ${stamp}.d --depfile-target ${stamp}
    COMMAND ${CMAKE_COMMAND} -E touch ${stamp}
    DEPENDS ${model} Netsuke::netsuke
    DEPFILE ${stamp}.d
    COMMENT "Carving ${shown} for ${arg_TARGET}"
    VERBATIM)

  add_library(${library} STATIC ${sources} ${stamp})
  target_include_directories(${library} PUBLIC ${dir})
  target_compile_features(${library} PRIVATE cxx_std_11)
  if(CMAKE_CXX_COMPILER_ID MATCHES "GNU|Clang" AND NOT WIN32)
    # A C linker does not add the mathematical functions by itself.
    target_link_libraries(${library} PUBLIC m)
  endif()
  # The kernels' headers come out of the program, so a new program means new objects even where NAME.cpp is as
  # before. Dependency scanning alone would see new headers one build late.
  netsuke_program_path(program)
  set_source_files_properties(${sources} ${test_source} PROPERTIES OBJECT_DEPENDS "${program}")
  if(TARGET netsuke_host_tool)
    add_dependencies(${library} netsuke_host_tool)
  endif()

  if(arg_TEST_DATA)
    add_executable(${library}_test ${test_source})
    target_link_libraries(${library}_test PRIVATE ${library})
    target_compile_features(${library}_test PRIVATE cxx_std_11)
    # The custom command runs once, for the library.
    add_dependencies(${library}_test ${library})
    set_source_files_properties(${test_source} PROPERTIES GENERATED ON)
  endif()
endfunction()

# What has to be there before a model can become a library.
function(netsuke_check_project what)
  if(NOT TARGET Netsuke::netsuke)
    message(FATAL_ERROR "${what}: the program netsuke is not known in this directory. Call find_package(Netsuke) "
                        "here or in a directory above.")
  endif()
  get_property(languages GLOBAL PROPERTY ENABLED_LANGUAGES)
  if(NOT CXX IN_LIST languages)
    message(FATAL_ERROR "${what}: generated code is C++11. Enable the language: project(... LANGUAGES C CXX).")
  endif()
endfunction()

# The model's full path; it has to exist, or some rule has to make it.
function(netsuke_model_path result model what)
  if(NOT model)
    message(FATAL_ERROR "${what}: no MODEL. Write e.g. ${what} with MODEL kws.onnx.")
  endif()
  get_filename_component(path "${model}" ABSOLUTE)
  get_source_file_property(generated ${path} GENERATED)
  if(NOT EXISTS ${path} AND NOT generated)
    message(FATAL_ERROR "${what}: there is no MODEL ${path}.")
  endif()
  set(${result} ${path} PARENT_SCOPE)
endfunction()

# The file that Netsuke::netsuke is, for properties that take no generator expressions; empty where its place
# depends on the configuration.
function(netsuke_program_path result)
  get_target_property(imported Netsuke::netsuke IMPORTED)
  get_property(multi_config GLOBAL PROPERTY GENERATOR_IS_MULTI_CONFIG)
  set(path "")
  if(imported)
    get_target_property(path Netsuke::netsuke IMPORTED_LOCATION)
  elseif(NOT multi_config)
    get_target_property(directory Netsuke::netsuke RUNTIME_OUTPUT_DIRECTORY)
    set(path ${directory}/netsuke${CMAKE_EXECUTABLE_SUFFIX})
  endif()
  set(${result} "${path}" PARENT_SCOPE)
endfunction()

cmake_policy(POP)
