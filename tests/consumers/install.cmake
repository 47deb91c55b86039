# Installs the build afresh, so that a header that was removed is not found in the prefix.
file(REMOVE_RECURSE "${PREFIX}/include" "${PREFIX}/lib/cmake" "${PREFIX}/lib/pkgconfig")
execute_process(COMMAND ${CMAKE_COMMAND} --install "${BUILD}" --prefix "${PREFIX}" OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)
