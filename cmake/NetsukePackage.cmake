# The package that find_package(Netsuke) finds, in the install prefix and in this build tree.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(package_dir ${CMAKE_INSTALL_DATADIR}/cmake/Netsuke)
set(version_file ${PROJECT_BINARY_DIR}/NetsukeConfigVersion.cmake)
# The program runs where the build runs: the word size of the target does not matter.
write_basic_package_version_file(${version_file} COMPATIBILITY SameMinorVersion ARCH_INDEPENDENT)

# In the build tree: cmake -DNetsuke_DIR=this build directory.
set(NETSUKE_PROGRAM_PATH ${PROJECT_BINARY_DIR}/netsuke${CMAKE_EXECUTABLE_SUFFIX})
configure_package_config_file(cmake/NetsukeConfig.cmake.in ${PROJECT_BINARY_DIR}/NetsukeConfig.cmake
  INSTALL_DESTINATION ${PROJECT_BINARY_DIR} INSTALL_PREFIX ${PROJECT_BINARY_DIR} PATH_VARS NETSUKE_PROGRAM_PATH)
configure_file(cmake/NetsukeAddModel.cmake ${PROJECT_BINARY_DIR}/NetsukeAddModel.cmake COPYONLY)

if(NETSUKE_INSTALL)
  set(NETSUKE_PROGRAM_PATH ${CMAKE_INSTALL_BINDIR}/netsuke${CMAKE_EXECUTABLE_SUFFIX})
  configure_package_config_file(cmake/NetsukeConfig.cmake.in ${PROJECT_BINARY_DIR}/install/NetsukeConfig.cmake
    INSTALL_DESTINATION ${package_dir} PATH_VARS NETSUKE_PROGRAM_PATH)
  install(TARGETS netsuke RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
  install(FILES ${PROJECT_BINARY_DIR}/install/NetsukeConfig.cmake ${version_file} cmake/NetsukeAddModel.cmake
          DESTINATION ${package_dir})
  install(FILES LICENSE README.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
endif()
