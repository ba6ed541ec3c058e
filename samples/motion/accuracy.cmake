# motion_accuracy_test(PROGRAM): tests PROGRAM on the test recordings against the figures in accuracy.json, if the
# recordings are there.
set(cache "$ENV{XDG_CACHE_HOME}")
if(NOT cache)
  set(cache $ENV{HOME}/.cache)
endif()
set(SAMPLE_DATA ${cache}/netsuke/basic-motions CACHE PATH "Where BasicMotions_TEST.ts is")
set(MOTION_FOLDER ${CMAKE_CURRENT_LIST_DIR})

function(motion_accuracy_test program)
  file(READ accuracy.json measured)
  string(JSON float GET "${measured}" float windows)
  string(JSON int8 GET "${measured}" int8 windows)
  if(EXISTS ${SAMPLE_DATA}/BasicMotions_TEST.ts)
    add_test(NAME ${program} COMMAND ${program} ${SAMPLE_DATA} ${float} ${int8})
  else()
    message(STATUS "${program} is not tested: no ${SAMPLE_DATA} (${MOTION_FOLDER}/fetch.sh gets it)")
  endif()
endfunction()
